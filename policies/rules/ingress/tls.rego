# METADATA
# scope: package
# title: Encrypted in production
# description: >-
#   In an overlay for production every host of an Ingress is covered by spec.tls: a voter's cookie never travels in
#   the clear.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/#tls
# custom:
#   id: ING-TLS
#   severity: high
#   judges: objects
#   production: true
#   remedy: >-
#     Add spec.tls with the hosts and the Secret of their certificate.
#   nsa_cisa: "Network separation and hardening: Encryption"
package ballotbox.rules.ingress_tls

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"Ingress"})
	entry.production
	some index, rule in fields.elements(fields.at(entry.object, ["spec", "rules"]))
	not covered(entry, fields.at(rule, ["host"]))
	finding := inputs.finding(entry, ["spec", "rules", index, "host"], sprintf("host %s must be covered by spec.tls", [fields.text(fields.at(rule, ["host"]))]))
}

covered(entry, host) if {
	some tls in fields.elements(fields.at(entry.object, ["spec", "tls"]))
	is_string(host)
	host in fields.elements(fields.at(tls, ["hosts"]))
	is_string(fields.at(tls, ["secretName"]))
}
