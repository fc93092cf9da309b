# METADATA
# scope: package
# title: No service account token unless asked for
# description: >-
#   Each mounted token is a key to the API server. A pod says automountServiceAccountToken false, or says true
#   together with the annotation policy.ballotbox/api-access and the reason.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/
# custom:
#   id: WL-TOKEN
#   severity: high
#   judges: workloads
#   remedy: >-
#     Set automountServiceAccountToken to false in the pod, or annotate the pod with policy.ballotbox/api-access:
#     REASON.
#   nsa_cisa: "Kubernetes Pod security: Protecting Pod service account tokens"
#   cis: "5.1.6"
package ballotbox.rules.workload_token

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	not acceptable(pod, fields.at(pod.spec, ["automountServiceAccountToken"]))
	finding := pods.finding(
		pod, ["automountServiceAccountToken"],
		"automountServiceAccountToken must be false (or true, with the annotation policy.ballotbox/api-access)",
	)
}

deny contains finding if {
	some pod in pods.all
	not asked_for(pod)
	some index, volume in fields.elements(fields.at(pod.spec, ["volumes"]))
	some source_index, source in fields.elements(fields.at(volume, ["projected", "sources"]))
	fields.at(source, ["serviceAccountToken"]) != null
	finding := pods.finding(
		pod, ["volumes", index, "projected", "sources", source_index, "serviceAccountToken"],
		"a projected service account token needs the annotation policy.ballotbox/api-access",
	)
}

acceptable(_, false)

acceptable(pod, true) if asked_for(pod)

asked_for(pod) if {
	reason := fields.at(pod.metadata, ["annotations", "policy.ballotbox/api-access"])
	is_string(reason)
	count(reason) > 0
}
