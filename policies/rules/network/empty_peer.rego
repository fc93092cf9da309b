# METADATA
# scope: package
# title: No rule for everybody
# description: >-
#   A rule without peers, or with an empty one, allows the whole world; one with empty selectors allows every pod of
#   every namespace.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   id: NET-EMPTY-PEER
#   severity: high
#   judges: objects
#   remedy: >-
#     Name the peers: a podSelector, a namespaceSelector, or an ipBlock where the whole Internet is meant.
#   nsa_cisa: "Network separation and hardening: Network policies"
#   cis: "5.3.2"
package ballotbox.rules.network_empty_peer

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.selectors

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

directions := {"ingress": "from", "egress": "to"}

deny contains finding if {
	some entry in inputs.of_kind({"NetworkPolicy"})
	some direction, side in directions
	some index, rule in fields.elements(fields.at(entry.object, ["spec", direction]))
	no_peers(fields.at(rule, [side]))
	finding := inputs.finding(entry, ["spec", direction, index], sprintf("%s rule %d names no peer", [direction, index]))
}

deny contains finding if {
	some entry in inputs.of_kind({"NetworkPolicy"})
	some direction, side in directions
	some index, rule in fields.elements(fields.at(entry.object, ["spec", direction]))
	some peer_index, peer in fields.elements(fields.at(rule, [side]))
	everybody(peer)
	finding := inputs.finding(
		entry, ["spec", direction, index, side, peer_index],
		sprintf("%s rule %d has a peer that is everybody", [direction, index]),
	)
}

no_peers(value) if value in {null, []}

everybody(peer) if not is_object(peer)

everybody(peer) if peer == fields.malformed

everybody(peer) if count([key | some key in ["podSelector", "namespaceSelector", "ipBlock"]; fields.at(peer, [key]) != null]) == 0

everybody(peer) if {
	selectors.empty(fields.at(peer, ["namespaceSelector"]))
	narrows_nothing(fields.at(peer, ["podSelector"]))
}

narrows_nothing(null)

narrows_nothing(selector) if selectors.empty(selector)
