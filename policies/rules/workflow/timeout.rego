# METADATA
# scope: package
# title: Time limits and concurrency
# description: >-
#   A job that hangs runs for six hours, and a push does not end the run of the push before it, unless the workflow
#   says so.
# related_resources:
#   - ref: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
# custom:
#   id: CI-TIMEOUT
#   severity: low
#   judges: workflows
#   remedy: >-
#     Give each job timeout-minutes, and the workflow a concurrency group.
package ballotbox.rules.workflow_timeout

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.workflows

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some workflow in inputs.workflows
	some name, job in workflows.jobs(workflow)
	fields.at(job, ["uses"]) == null
	not fields.matches(`^[1-9][0-9]*$`, fields.text(fields.at(job, ["timeout-minutes"])))
	finding := inputs.finding(workflow, ["jobs", name, "timeout-minutes"], sprintf("job %s must have timeout-minutes", [name]))
}

deny contains finding if {
	some workflow in inputs.workflows
	group := fields.at(workflow.document, ["concurrency"])
	not text(group)
	not text(fields.at(group, ["group"]))
	finding := inputs.finding(workflow, ["concurrency"], "the workflow must have a concurrency group")
}

text(value) if {
	is_string(value)
	value != ""
}
