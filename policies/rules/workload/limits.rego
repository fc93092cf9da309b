# METADATA
# scope: package
# title: Resources limited
# description: >-
#   Without limits one container starves the whole node: a denial of service from inside.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
# custom:
#   id: WL-LIMITS
#   severity: medium
#   judges: workloads
#   remedy: >-
#     Set resources.limits.cpu and resources.limits.memory in each container.
#   nsa_cisa: "Network separation and hardening: Resource policies"
package ballotbox.rules.workload_limits

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	container.list != "ephemeralContainers" # the API server refuses resources there
	some resource in ["cpu", "memory"]
	field := ["resources", "limits", resource]
	not quantity(fields.at(container.object, field))
	finding := pods.container_finding(pod, container, field, sprintf("%s must be set", [concat(".", field)]))
}

quantity(value) if {
	is_number(value)
	value > 0
}

quantity(value) if fields.matches(`^[0-9.]*[1-9][0-9.]*([numkMGTPE]|[KMGTPE]i|[eE][0-9]+)?$`, value)
