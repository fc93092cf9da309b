# METADATA
# scope: package
# title: A disruption budget for replicas
# description: >-
#   Two replicas help only if a drain does not take both: workloads with two or more have a PodDisruptionBudget that
#   keeps one.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/run-application/configure-pdb/
# custom:
#   id: WL-DISRUPTION-BUDGET
#   severity: medium
#   judges: workloads
#   remedy: >-
#     Add a PodDisruptionBudget whose selector matches the pods, with minAvailable at least 1 or maxUnavailable
#     below the replicas.
package ballotbox.rules.workload_disruption_budget

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
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
	not budgeted(pod)
	finding := pods.metadata_finding(
		pod, ["labels"],
		sprintf("%d replicas must have a PodDisruptionBudget that lets some go and keeps one", [replicas(pod)]),
	)
}

budgeted(pod) if {
	some entry in inputs.in_set(pod.set, "PodDisruptionBudget")
	inputs.namespace_of(entry.object) == pod.namespace
	selector := fields.at(entry.object, ["spec", "selector"])
	not selectors.empty(selector)
	selectors.matches(selector, fields.entries(fields.at(pod.metadata, ["labels"])))
	keeps_some(entry.object.spec, replicas(pod))
}

keeps_some(spec, total) if {
	value := fields.at(spec, ["minAvailable"])
	is_number(value)
	value >= 1
	value < total # else no drain can ever finish
}

keeps_some(spec, total) if {
	value := fields.at(spec, ["maxUnavailable"])
	is_number(value)
	value >= 1
	value < total
}

keeps_some(spec, _) if {
	some field in ["minAvailable", "maxUnavailable"]
	fields.matches(`^([1-9]|[1-9][0-9])%$`, fields.at(spec, [field]))
}
