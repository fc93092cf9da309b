# METADATA
# scope: package
# title: "Compose: hardened like the cluster"
# description: >-
#   Each service drops all capabilities, cannot gain privileges, and has a read-only root file system.
# related_resources:
#   - ref: https://docs.docker.com/reference/compose-file/services/#security_opt
# custom:
#   id: WL-COMPOSE-HARDENING
#   severity: high
#   judges: composes
#   remedy: >-
#     Set cap_drop [ALL], security_opt [no-new-privileges:true] and read_only true; mount tmpfs where it writes.
#   nsa_cisa: "Kubernetes Pod security: Immutable container file systems"
#   cis: "5.2.6, 5.2.10"
package ballotbox.rules.compose_hardening

import data.ballotbox.lib.composes
import data.ballotbox.lib.fields

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some service in composes.services
	not "ALL" in fields.elements(fields.at(service.object, ["cap_drop"]))
	finding := composes.finding(service, ["cap_drop"], "cap_drop must include ALL")
}

deny contains finding if {
	some service in composes.services
	not any_of(fields.elements(fields.at(service.object, ["security_opt"])), {"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"})
	finding := composes.finding(service, ["security_opt"], "security_opt must include no-new-privileges:true")
}

deny contains finding if {
	some service in composes.services
	fields.at(service.object, ["read_only"]) != true
	finding := composes.finding(service, ["read_only"], "read_only must be true")
}

any_of(values, wanted) if {
	some value in values
	value in wanted
}
