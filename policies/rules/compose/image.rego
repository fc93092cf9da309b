# METADATA
# scope: package
# title: "Compose: no image that may change under its name"
# description: >-
#   A service of a compose file is built here, or names a version or a digest.
# related_resources:
#   - ref: https://docs.docker.com/reference/compose-file/services/#image
# custom:
#   id: IMG-COMPOSE
#   severity: medium
#   judges: composes
#   remedy: >-
#     Name a tag other than latest, or a digest.
#   nsa_cisa: "Kubernetes Pod security: Building secure container images"
#   cis: "5.5.1"
package ballotbox.rules.compose_image

import data.ballotbox.lib.composes
import data.ballotbox.lib.fields

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some service in composes.services
	not fixed(service.object)
	finding := composes.finding(service, ["image"], "the service must be built here, or its image have a tag other than latest, or a digest")
}

fixed(service) if {
	fields.at(service, ["build"]) != null
	not fields.at(service, ["build"]) in {"", {}, []}
}

fixed(service) if {
	image := fields.at(service, ["image"])
	fields.matches(`^[^$@\s]+(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$`, image)
	not endswith(image, ":latest")
}
