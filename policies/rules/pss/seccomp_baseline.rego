# METADATA
# scope: package
# title: seccomp not switched off
# description: >-
#   Where a pod or container names a seccomp profile it is RuntimeDefault or Localhost.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-SECCOMP-BASELINE
#   severity: high
#   judges: workloads
#   pss: baseline
#   official: seccompProfile_baseline
#   remedy: >-
#     Set seccompProfile.type to RuntimeDefault.
#   nsa_cisa: "Kubernetes Pod security: Hardening container environments"
#   cis: "5.7.2"
package ballotbox.rules.pss_seccomp_baseline

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

profile := ["securityContext", "seccompProfile"]

type_of := ["securityContext", "seccompProfile", "type"]

allowed := {"RuntimeDefault", "Localhost"}

deny contains finding if {
	some pod in pods.all
	forbidden(pod.spec)
	finding := pods.finding(pod, type_of, "seccompProfile.type must be RuntimeDefault or Localhost")
}

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	forbidden(container.object)
	finding := pods.container_finding(pod, container, type_of, "seccompProfile.type must be RuntimeDefault or Localhost")
}

forbidden(object) if {
	fields.at(object, profile) != null
	not fields.at(object, type_of) in allowed
}
