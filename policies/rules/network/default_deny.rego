# METADATA
# scope: package
# title: Everything denied by default
# description: >-
#   A namespace with workloads has a NetworkPolicy that selects every pod and allows nothing, for both directions;
#   what may pass is then said one by one.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   id: NET-DEFAULT-DENY
#   severity: high
#   judges: workloads
#   remedy: >-
#     Add a NetworkPolicy with podSelector {}, policyTypes [Ingress, Egress] and no rule.
#   nsa_cisa: "Network separation and hardening: Network policies"
#   cis: "5.3.2"
package ballotbox.rules.network_default_deny

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.pods
import data.ballotbox.lib.selectors

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some direction in ["Ingress", "Egress"]
	not denied(pod.set, pod.namespace, direction)
	finding := {
		"subject": pod.id,
		"container": null,
		"field": ["metadata", "namespace"],
		"msg": sprintf("namespace %s must have a NetworkPolicy that denies all %s by default", [pod.namespace, lower(direction)]),
		"level": pod.level,
	}
}

denied(set, namespace, direction) if {
	some entry in inputs.in_set(set, "NetworkPolicy")
	inputs.namespace_of(entry.object) == namespace
	selectors.empty(fields.at(entry.object, ["spec", "podSelector"]))
	direction in fields.elements(fields.at(entry.object, ["spec", "policyTypes"]))
	fields.at(entry.object, ["spec", lower(direction)]) in {null, []}
}
