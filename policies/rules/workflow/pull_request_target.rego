# METADATA
# scope: package
# title: No workflow with our rights on a stranger's code
# description: >-
#   pull_request_target and workflow_run start with the repository's secrets and a token that writes, for a pull
#   request of anyone.
# related_resources:
#   - ref: https://docs.github.com/en/actions/reference/security/secure-use
# custom:
#   id: CI-PULL-REQUEST-TARGET
#   severity: critical
#   judges: workflows
#   remedy: >-
#     Use pull_request.
package ballotbox.rules.workflow_pull_request_target

import data.ballotbox.lib.inputs
import data.ballotbox.lib.workflows

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some workflow in inputs.workflows
	some event in workflows.events(workflow)
	event in {"pull_request_target", "workflow_run"}
	finding := inputs.finding(workflow, ["on", event], sprintf("a workflow must not start on %s", [event]))
}
