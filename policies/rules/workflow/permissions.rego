# METADATA
# scope: package
# title: Least permissions
# description: >-
#   The workflow's token has no permission (permissions: {}) or reads contents only; a job adds by name what it
#   needs.
# related_resources:
#   - ref: https://docs.github.com/en/actions/tutorials/authenticate-with-github_token
# custom:
#   id: CI-PERMISSIONS
#   severity: high
#   judges: workflows
#   remedy: >-
#     Set permissions: {} at the top, and the few that a job needs in the job.
package ballotbox.rules.workflow_permissions

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.workflows

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some workflow in inputs.workflows
	not least(fields.at(workflow.document, ["permissions"]))
	finding := inputs.finding(workflow, ["permissions"], "permissions of the workflow must be {} or contents: read")
}

deny contains finding if {
	some workflow in inputs.workflows
	some name, job in workflows.jobs(workflow)
	permissions := fields.at(job, ["permissions"])
	not named(permissions)
	finding := inputs.finding(workflow, ["jobs", name, "permissions"], sprintf("permissions of job %s must be named one by one", [name]))
}

least(permissions) if permissions in [{}, {"contents": "read"}]

named(null)

named(permissions) if {
	is_object(permissions)
	permissions != fields.malformed
}
