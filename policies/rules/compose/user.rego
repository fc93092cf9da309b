# METADATA
# scope: package
# title: "Compose: not root"
# description: >-
#   Each service names a numeric user other than 0, or is built from a Containerfile of ours, which IMG-USER judges.
# related_resources:
#   - ref: https://docs.docker.com/reference/compose-file/services/#user
# custom:
#   id: WL-COMPOSE-USER
#   severity: high
#   judges: composes
#   remedy: >-
#     Set user to UID:GID.
#   nsa_cisa: "Kubernetes Pod security: Non-root containers"
#   cis: "5.2.7"
package ballotbox.rules.compose_user

import data.ballotbox.lib.composes
import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some service in composes.services
	not allowed(service.object)
	finding := composes.finding(service, ["user"], "user must be numeric and other than 0")
}

allowed(service) if {
	fields.at(service, ["user"]) == null
	not fields.at(service, ["build"]) in {null, "", {}, []}
	count(inputs.containerfiles) > 0
}

allowed(service) if fields.matches(`^[1-9][0-9]*(:[0-9]+)?$`, fields.at(service, ["user"]))

allowed(service) if {
	fields.integer(fields.at(service, ["user"]))
	fields.at(service, ["user"]) > 0
}
