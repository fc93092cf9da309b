# METADATA
# scope: package
# title: A seccomp profile
# description: >-
#   Every container runs under the seccomp profile RuntimeDefault or Localhost, by its own word or its pod's. A pod
#   that declares os.name windows has none.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: PSS-SECCOMP
#   severity: high
#   judges: workloads
#   pss: restricted
#   official: seccompProfile_restricted
#   overrides: [PSS-SECCOMP-BASELINE]
#   remedy: >-
#     Set securityContext.seccompProfile.type to RuntimeDefault in the pod.
#   nsa_cisa: "Kubernetes Pod security: Hardening container environments"
#   cis: "5.7.2"
package ballotbox.rules.pss_seccomp

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

profile := ["securityContext", "seccompProfile"]

type_of := ["securityContext", "seccompProfile", "type"]

allowed := {"RuntimeDefault", "Localhost"}

deny contains finding if {
	some pod in pods.all
	not pods.windows(pod)
	fields.at(pod.spec, profile) != null
	not fields.at(pod.spec, type_of) in allowed
	finding := pods.finding(pod, type_of, "seccompProfile.type must be RuntimeDefault or Localhost")
}

deny contains finding if {
	some pod in pods.all
	not pods.windows(pod)
	some container in pod.containers
	not container_is_fine(pod, container)
	finding := pods.container_finding(
		pod, container, type_of,
		"seccompProfile.type must be RuntimeDefault or Localhost in the pod or in the container",
	)
}

container_is_fine(_, container) if fields.at(container.object, type_of) in allowed

container_is_fine(pod, container) if {
	fields.at(container.object, profile) == null
	fields.at(pod.spec, type_of) in allowed
}
