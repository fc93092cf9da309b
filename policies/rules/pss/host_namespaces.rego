# METADATA
# scope: package
# title: No namespace of the node's
# description: >-
#   With hostNetwork, hostPID or hostIPC a pod sees the node's traffic, processes or shared memory, and no
#   NetworkPolicy reaches it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-HOST-NAMESPACES
#   severity: critical
#   judges: workloads
#   pss: baseline
#   official: hostNamespaces
#   remedy: >-
#     Remove hostNetwork, hostPID and hostIPC, or set them to false.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.3, 5.2.4, 5.2.5"
package ballotbox.rules.pss_host_namespaces

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some field in ["hostNetwork", "hostPID", "hostIPC"]
	not fields.at(pod.spec, [field]) in {null, false}
	finding := pods.finding(pod, [field], sprintf("%s must not be true", [field]))
}
