# METADATA
# scope: package
# title: Required not to run as root
# description: >-
#   runAsNonRoot makes the kubelet refuse an image that would run as UID 0. The pod may say it for its containers;
#   no container may take it back. A pod with hostUsers false is exempt.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: PSS-RUN-AS-NON-ROOT
#   severity: high
#   judges: workloads
#   pss: restricted
#   official: runAsNonRoot
#   remedy: >-
#     Set securityContext.runAsNonRoot to true in the pod, or in each container.
#   nsa_cisa: "Kubernetes Pod security: Non-root containers"
#   cis: "5.2.7"
package ballotbox.rules.pss_run_as_non_root

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

field := ["securityContext", "runAsNonRoot"]

deny contains finding if {
	some pod in pods.all
	not pods.own_users(pod)
	not fields.at(pod.spec, field) in {null, true}
	finding := pods.finding(pod, field, "securityContext.runAsNonRoot must not be other than true")
}

deny contains finding if {
	some pod in pods.all
	not pods.own_users(pod)
	some container in pod.containers
	not container_is_fine(pod, container)
	finding := pods.container_finding(
		pod, container, field,
		"securityContext.runAsNonRoot must be true in the pod or in the container",
	)
}

container_is_fine(_, container) if fields.at(container.object, field) == true

container_is_fine(pod, container) if {
	fields.at(container.object, field) == null
	fields.at(pod.spec, field) == true
}
