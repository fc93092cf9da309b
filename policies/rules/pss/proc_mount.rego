# METADATA
# scope: package
# title: /proc masked
# description: >-
#   The runtime masks parts of /proc that tell or change the node; a restricted pod keeps the masks whatever its
#   users are.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: PSS-PROC-MOUNT
#   severity: high
#   judges: workloads
#   pss: restricted
#   official: procMount_restricted
#   overrides: [PSS-PROC-MOUNT-BASELINE]
#   remedy: >-
#     Remove securityContext.procMount.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
package ballotbox.rules.pss_proc_mount

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	not fields.at(container.object, ["securityContext", "procMount"]) in {null, "Default"}
	finding := pods.container_finding(pod, container, ["securityContext", "procMount"], "securityContext.procMount must be Default")
}
