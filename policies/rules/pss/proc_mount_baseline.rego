# METADATA
# scope: package
# title: /proc masked, but in a user namespace
# description: >-
#   The runtime masks parts of /proc that tell or change the node. A pod with hostUsers false has a user namespace
#   of its own and may unmask them.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-PROC-MOUNT-BASELINE
#   severity: high
#   judges: workloads
#   pss: baseline
#   official: procMount
#   remedy: >-
#     Remove securityContext.procMount, or set hostUsers to false.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
package ballotbox.rules.pss_proc_mount_baseline

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	not pods.own_users(pod)
	some container in pod.containers
	not fields.at(container.object, ["securityContext", "procMount"]) in {null, "Default"}
	finding := pods.container_finding(pod, container, ["securityContext", "procMount"], "securityContext.procMount must be Default")
}
