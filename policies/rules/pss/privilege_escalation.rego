# METADATA
# scope: package
# title: No gain of privileges
# description: >-
#   With allowPrivilegeEscalation false the kernel sets no_new_privs: a set-user-ID program in the image gives
#   nobody more rights. A pod that declares os.name windows is exempt.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: PSS-PRIVILEGE-ESCALATION
#   severity: high
#   judges: workloads
#   pss: restricted
#   official: allowPrivilegeEscalation
#   remedy: >-
#     Set securityContext.allowPrivilegeEscalation to false in each container.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.6"
package ballotbox.rules.pss_privilege_escalation

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	not pods.windows(pod)
	some container in pod.containers
	not fields.at(container.object, ["securityContext", "allowPrivilegeEscalation"]) in {false}
	finding := pods.container_finding(pod, container, ["securityContext", "allowPrivilegeEscalation"], "securityContext.allowPrivilegeEscalation must be false")
}
