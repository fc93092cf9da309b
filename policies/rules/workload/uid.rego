# METADATA
# scope: package
# title: A UID of the namespace's convention
# description: >-
#   Low UIDs are the node's own accounts; a container that breaks out with one owns their files. UIDs and GIDs are
#   said, and are at least 999 or what the namespace's annotation policy.ballotbox/minimum-uid says.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
# custom:
#   id: WL-UID
#   severity: medium
#   judges: workloads
#   remedy: >-
#     Set runAsUser and runAsGroup in the pod to the IDs of the image, at least 999.
#   nsa_cisa: "Kubernetes Pod security: Non-root containers"
#   cis: "5.2.7"
package ballotbox.rules.workload_uid

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

default_minimum := 999

deny contains finding if {
	some pod in pods.all
	not pods.windows(pod)
	some container in pod.containers
	some id in ["runAsUser", "runAsGroup"]
	field := ["securityContext", id]
	minimum := minimum_of(pod)
	not high_enough(effective(pod, container, field), minimum)
	finding := pods.container_finding(pod, container, field, sprintf(
		"%s must be said, in the pod or in the container, and at least %d",
		[id, minimum],
	))
}

# A container's own word goes before its pod's.
effective(pod, container, field) := fields.at(pod.spec, field) if {
	fields.at(container.object, field) == null
} else := fields.at(container.object, field)

high_enough(id, minimum) if {
	fields.integer(id)
	id >= minimum
}

minimum_of(pod) := max(minima) if {
	minima := [to_number(value) |
		some entry in inputs.in_set(pod.set, "Namespace")
		inputs.name_of(entry.object) == pod.namespace
		value := fields.at(entry.object, ["metadata", "annotations", "policy.ballotbox/minimum-uid"])
		fields.matches(`^[0-9]+$`, value)
	]
	count(minima) > 0
} else := default_minimum
