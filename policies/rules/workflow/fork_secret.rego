# METADATA
# scope: package
# title: No secret in a fork's job
# description: >-
#   A job that a stranger's pull request starts runs the stranger's code. It uses no secret, unless its condition
#   keeps pull requests out. GITHUB_TOKEN is bounded by permissions.
# related_resources:
#   - ref: https://docs.github.com/en/actions/reference/security/secure-use
# custom:
#   id: CI-FORK-SECRET
#   severity: critical
#   judges: workflows
#   remedy: >-
#     Give the job if: github.event_name != 'pull_request', or move it to a workflow that pull requests do not
#     start.
package ballotbox.rules.workflow_fork_secret

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.secrets
import data.ballotbox.lib.workflows

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some workflow in inputs.workflows
	"pull_request" in workflows.events(workflow)
	some name, job in workflows.jobs(workflow)
	not kept_out(job)
	some secret in used_secrets(job)
	finding := inputs.finding(workflow, ["jobs", name], sprintf("job %s must not use %s: pull requests of strangers start it", [name, secret]))
}

deny contains finding if {
	some workflow in inputs.workflows
	"pull_request" in workflows.events(workflow)
	some secret in used_secrets(fields.at(workflow.document, ["env"]))
	finding := inputs.finding(workflow, ["env"], sprintf("env must not use %s: pull requests of strangers start the workflow", [secret]))
}

used_secrets(value) := {secret |
	some secret in regex.find_n(`secrets(\.[A-Za-z0-9_]+|\[[^\]]+\])`, json.marshal(value), -1)
	secret != "secrets.GITHUB_TOKEN"
} | {"every secret" | fields.at(value, ["secrets"]) == "inherit"}

kept_out(job) if fields.matches(`github\.event_name\s*!=\s*'pull_request'|github\.event_name\s*==\s*'(push|schedule|workflow_dispatch)'`, fields.at(job, ["if"]))
