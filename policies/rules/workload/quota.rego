# METADATA
# scope: package
# title: Namespaces have a quota and limits
# description: >-
#   A ResourceQuota bounds what a namespace may take from the cluster, a LimitRange what one container may.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/policy/resource-quotas/
# custom:
#   id: WL-QUOTA
#   severity: low
#   judges: objects
#   remedy: >-
#     Add a ResourceQuota and a LimitRange to the namespace.
#   nsa_cisa: "Network separation and hardening: Resource policies"
package ballotbox.rules.workload_quota

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"Namespace"})
	name := inputs.name_of(entry.object)
	[entry.set, name] in inhabited
	some kind, field in {"ResourceQuota": "hard", "LimitRange": "limits"}
	not bounded(entry.set, name, kind, field)
	finding := inputs.finding(entry, ["metadata", "name"], sprintf("namespace %s must have a %s", [name, kind]))
}

inhabited := {[pod.set, pod.namespace] | some pod in pods.all}

bounded(set, namespace, kind, field) if {
	some entry in inputs.in_set(set, kind)
	inputs.namespace_of(entry.object) == namespace
	value := fields.at(entry.object, ["spec", field])
	type_name(value) in {"array", "object"}
	value != fields.malformed
	count(value) > 0
}
