# METADATA
# scope: package
# title: Not the default namespace
# description: >-
#   Policies, quotas and rights belong to a namespace; in default there are none.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
# custom:
#   id: WL-NAMESPACE
#   severity: low
#   judges: workloads
#   remedy: >-
#     Set metadata.namespace (kustomize: namespace).
#   nsa_cisa: "Network separation and hardening: Namespaces"
#   cis: "5.7.4"
package ballotbox.rules.workload_namespace

import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	pod.kind != "PodTemplate"
	pod.namespace == "default"
	finding := {
		"subject": pod.id,
		"container": null,
		"field": ["metadata", "namespace"],
		"msg": "metadata.namespace must name a namespace other than default",
		"level": pod.level,
	}
}
