# METADATA
# scope: package
# title: A policy of its own for every workload
# description: >-
#   Each workload is selected by a NetworkPolicy that names it, so that what it may do is written down and reviewed
#   with it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/network-policies/
# custom:
#   id: NET-OWN-POLICY
#   severity: high
#   judges: workloads
#   remedy: >-
#     Add a NetworkPolicy whose podSelector matches the workload's labels.
#   nsa_cisa: "Network separation and hardening: Network policies"
#   cis: "5.3.2"
package ballotbox.rules.network_own_policy

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.pods
import data.ballotbox.lib.selectors

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	not selected(pod)
	finding := pods.metadata_finding(pod, ["labels"], "the workload must be selected by a NetworkPolicy of its own")
}

selected(pod) if {
	some entry in inputs.in_set(pod.set, "NetworkPolicy")
	inputs.namespace_of(entry.object) == pod.namespace
	selector := fields.at(entry.object, ["spec", "podSelector"])
	not selectors.empty(selector)
	selectors.matches(selector, fields.entries(fields.at(pod.metadata, ["labels"])))
}
