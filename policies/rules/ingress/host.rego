# METADATA
# scope: package
# title: Named hosts only
# description: >-
#   A rule without a host, or a default backend, answers for every name that anyone points at the cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/
# custom:
#   id: ING-HOST
#   severity: medium
#   judges: objects
#   remedy: >-
#     Give each rule a host, and remove defaultBackend.
package ballotbox.rules.ingress_host

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"Ingress"})
	some index, rule in rules(entry)
	not named(fields.at(rule, ["host"]))
	finding := inputs.finding(entry, ["spec", "rules", index, "host"], sprintf("rule %d must name a host without wildcard", [index]))
}

deny contains finding if {
	some entry in inputs.of_kind({"Ingress"})
	fields.at(entry.object, ["spec", "defaultBackend"]) != null
	finding := inputs.finding(entry, ["spec", "defaultBackend"], "defaultBackend must not be set")
}

# An Ingress without rules sends everything to the controller's default.
rules(entry) := found if {
	found := fields.elements(fields.at(entry.object, ["spec", "rules"]))
	count(found) > 0
} else := [null]

named(host) if fields.matches(`^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`, host)
