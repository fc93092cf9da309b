# METADATA
# scope: package
# title: All capabilities dropped
# description: >-
#   A container drops ALL capabilities and may add back NET_BIND_SERVICE only. A pod that declares os.name windows
#   has none.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: PSS-CAPABILITIES
#   severity: high
#   judges: workloads
#   pss: restricted
#   official: capabilities_restricted
#   overrides: [PSS-CAPABILITIES-BASELINE]
#   remedy: >-
#     Set securityContext.capabilities.drop to [ALL] and remove everything but NET_BIND_SERVICE from add.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.8, 5.2.9, 5.2.10"
package ballotbox.rules.pss_capabilities

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	not pods.windows(pod)
	some container in pod.containers
	not drops_all(fields.elements(fields.at(container.object, ["securityContext", "capabilities", "drop"])))
	finding := pods.container_finding(
		pod, container, ["securityContext", "capabilities", "drop"],
		"securityContext.capabilities.drop must include ALL",
	)
}

deny contains finding if {
	some pod in pods.all
	not pods.windows(pod)
	some container in pod.containers
	some index, capability in fields.elements(fields.at(container.object, ["securityContext", "capabilities", "add"]))
	capability != "NET_BIND_SERVICE"
	finding := pods.container_finding(
		pod, container, ["securityContext", "capabilities", "add", index],
		sprintf("capability %s must not be added", [fields.text(capability)]),
	)
}

drops_all(capabilities) if {
	"ALL" in capabilities
	every capability in capabilities {
		readable(capability)
	}
}

readable(null)

readable(capability) if is_string(capability)
