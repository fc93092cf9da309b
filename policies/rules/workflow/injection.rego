# METADATA
# scope: package
# title: No stranger's text in a script
# description: >-
#   ${{ github.event... }} in run is pasted into the shell before it starts: a branch or title of the right form
#   runs as a program.
# related_resources:
#   - ref: https://docs.github.com/en/actions/reference/security/secure-use#good-practices-for-mitigating-script-injection-attacks
# custom:
#   id: CI-INJECTION
#   severity: critical
#   judges: workflows
#   remedy: >-
#     Give it to the step by env, and use "$NAME" in the script.
package ballotbox.rules.workflow_injection

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.workflows

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some workflow in inputs.workflows
	some [path, step] in workflows.steps(workflow)
	script := fields.text(fields.at(step, ["run"]))
	some expression in regex.find_n(`\$\{\{[^}]*(github\.(event|head_ref|ref_name)|inputs\.)[^}]*\}\}`, script, -1)
	finding := inputs.finding(workflow, array.concat(path, ["run"]), sprintf("run must not contain %s", [expression]))
}
