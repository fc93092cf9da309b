# METADATA
# scope: package
# title: No way out to everywhere
# description: >-
#   Egress to 0.0.0.0/0 or ::/0 without exceptions reaches the cloud's metadata address, the node and every private
#   network beside the Internet.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   id: NET-EGRESS-WORLD
#   severity: high
#   judges: objects
#   remedy: >-
#     Name the addresses, or except the private, link-local and cluster ranges.
#   nsa_cisa: "Network separation and hardening: Network policies"
#   cis: "5.3.2"
package ballotbox.rules.network_egress_world

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"NetworkPolicy"})
	some index, rule in fields.elements(fields.at(entry.object, ["spec", "egress"]))
	some peer_index, peer in fields.elements(fields.at(rule, ["to"]))
	not bounded(fields.at(peer, ["ipBlock"]))
	finding := inputs.finding(
		entry, ["spec", "egress", index, "to", peer_index, "ipBlock"],
		sprintf("egress rule %d must not allow every address without except", [index]),
	)
}

bounded(null)

bounded(block) if {
	cidr := fields.at(block, ["cidr"])
	is_string(cidr)
	not fields.matches(`/0+$`, cidr)
	contains(cidr, "/")
}

bounded(block) if {
	exceptions := fields.at(block, ["except"])
	is_array(exceptions)
	count(exceptions) > 0
	is_string(fields.at(block, ["cidr"]))
}
