# METADATA
# scope: package
# title: "Compose: nothing of the host's"
# description: >-
#   No privileged service, none in a namespace of the host's, none with the host's devices, root or container
#   socket.
# related_resources:
#   - ref: https://docs.docker.com/reference/compose-file/services/#privileged
# custom:
#   id: WL-COMPOSE-ISOLATION
#   severity: critical
#   judges: composes
#   remedy: >-
#     Remove the option; use a named volume and a network of the project.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.2"
package ballotbox.rules.compose_isolation

import data.ballotbox.lib.composes
import data.ballotbox.lib.fields

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some service in composes.services
	not fields.at(service.object, ["privileged"]) in {null, false}
	finding := composes.finding(service, ["privileged"], "privileged must not be true")
}

deny contains finding if {
	some service in composes.services
	some field in ["network_mode", "pid", "ipc", "uts", "cgroup", "userns_mode"]
	value := fields.at(service.object, [field])
	not harmless(value)
	finding := composes.finding(service, [field], sprintf("%s must not be %s", [field, fields.text(value)]))
}

deny contains finding if {
	some service in composes.services
	some field in ["cap_add", "devices"]
	some index, value in fields.elements(fields.at(service.object, [field]))
	not value == "NET_BIND_SERVICE"
	finding := composes.finding(service, [field, index], sprintf("%s must not hold %s", [field, fields.text(value)]))
}

deny contains finding if {
	some service in composes.services
	some index, volume in fields.elements(fields.at(service.object, ["volumes"]))
	fields.matches(`^(/|/(etc|proc|sys|dev|var|run|root|home|boot)(/.*)?|.*(docker|containerd|podman)\.sock)$`, source(volume))
	finding := composes.finding(service, ["volumes", index], sprintf("volume %s must not be the host's", [source(volume)]))
}

harmless(value) if value in {null, "", "none", "bridge", "private", "shareable"}

harmless(value) if fields.matches(`^service:`, value)

source(volume) := split(volume, ":")[0] if is_string(volume)

source(volume) := fields.text(fields.at(volume, ["source"])) if not is_string(volume)
