# METADATA
# scope: package
# title: No capability beyond the default set
# description: >-
#   Capabilities beyond the container runtime's default set, NET_RAW among them, let a container sniff, spoof, load
#   kernel modules or worse.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-CAPABILITIES-BASELINE
#   severity: high
#   judges: workloads
#   pss: baseline
#   official: capabilities_baseline
#   remedy: >-
#     Remove the capability from securityContext.capabilities.add.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.8, 5.2.9"
package ballotbox.rules.pss_capabilities_baseline

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

allowed := {
	"AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
	"NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
}

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	some index, capability in fields.elements(fields.at(container.object, ["securityContext", "capabilities", "add"]))
	not capability in allowed
	finding := pods.container_finding(
		pod, container, ["securityContext", "capabilities", "add", index],
		sprintf("capability %s must not be added", [fields.text(capability)]),
	)
}
