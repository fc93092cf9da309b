# METADATA
# scope: package
# title: Replicas spread over nodes
# description: >-
#   Two replicas on one node die together: workloads with two or more say how they spread.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
# custom:
#   id: WL-SPREAD
#   severity: low
#   judges: workloads
#   remedy: >-
#     Add topologySpreadConstraints over kubernetes.io/hostname with the pods' own labels, or a podAntiAffinity.
package ballotbox.rules.workload_spread

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods
import data.ballotbox.lib.selectors

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

# Kinds that keep several pods of one template.
replicated := [pod | some pod in pods.all; pod.kind in {"Deployment", "StatefulSet", "ReplicaSet", "ReplicationController"}; replicas(pod) >= 2]

replicas(pod) := value if {
	value := fields.at(pod.object, ["spec", "replicas"])
	is_number(value)
} else := 1

deny contains finding if {
	some pod in replicated
	not spread(pod)
	finding := pods.finding(
		pod, ["topologySpreadConstraints"],
		sprintf("%d replicas must be spread by topologySpreadConstraints or podAntiAffinity", [replicas(pod)]),
	)
}

spread(pod) if {
	some constraint in fields.elements(fields.at(pod.spec, ["topologySpreadConstraints"]))
	is_string(fields.at(constraint, ["topologyKey"]))
	of_own_pods(pod, fields.at(constraint, ["labelSelector"]))
}

spread(pod) if {
	affinity := fields.at(pod.spec, ["affinity", "podAntiAffinity"])
	some term in array.concat(
		fields.elements(fields.at(affinity, ["requiredDuringSchedulingIgnoredDuringExecution"])),
		[fields.at(preferred, ["podAffinityTerm"]) |
			some preferred in fields.elements(fields.at(affinity, ["preferredDuringSchedulingIgnoredDuringExecution"]))
		],
	)
	is_string(fields.at(term, ["topologyKey"]))
	of_own_pods(pod, fields.at(term, ["labelSelector"]))
}

of_own_pods(pod, selector) if {
	not selectors.empty(selector)
	selectors.matches(selector, fields.entries(fields.at(pod.metadata, ["labels"])))
}
