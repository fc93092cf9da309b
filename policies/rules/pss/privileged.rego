# METADATA
# scope: package
# title: No privileged container
# description: >-
#   A privileged container has all of the node: its devices, its kernel, and so every other pod on it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-PRIVILEGED
#   severity: critical
#   judges: workloads
#   pss: baseline
#   official: privileged
#   remedy: >-
#     Remove securityContext.privileged, or set it to false.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.2"
package ballotbox.rules.pss_privileged

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	not fields.at(container.object, ["securityContext", "privileged"]) in {null, false}
	finding := pods.container_finding(pod, container, ["securityContext", "privileged"], "securityContext.privileged must not be true")
}
