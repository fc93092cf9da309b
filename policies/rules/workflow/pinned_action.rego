# METADATA
# scope: package
# title: Actions pinned by commit
# description: >-
#   A tag or branch of an action is whatever its owner, or who took their account, makes of it; a commit is not.
# related_resources:
#   - ref: https://docs.github.com/en/actions/reference/security/secure-use#using-third-party-actions
# custom:
#   id: CI-PINNED-ACTION
#   severity: high
#   judges: workflows
#   remedy: >-
#     uses: owner/action@<40 hex digits> # vX.Y.Z
package ballotbox.rules.workflow_pinned_action

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.workflows

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some workflow in inputs.workflows
	some [path, used] in workflows.uses(workflow)
	not pinned(used)
	finding := inputs.finding(workflow, path, sprintf("%v must be pinned by its commit", [used]))
}

pinned(used) if fields.matches(`^[^@\s]+@[0-9a-f]{40}$`, used)

pinned(used) if fields.matches(`^docker://[^@\s]+@sha256:[0-9a-f]{64}$`, used)

pinned(used) if fields.matches(`^\./`, used)
