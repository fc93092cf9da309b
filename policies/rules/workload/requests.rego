# METADATA
# scope: package
# title: Resources requested
# description: >-
#   Without requests the scheduler packs a node blindly, and the pod is the first to be evicted.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
# custom:
#   id: WL-REQUESTS
#   severity: medium
#   judges: workloads
#   remedy: >-
#     Set resources.requests.cpu and resources.requests.memory in each container.
#   nsa_cisa: "Network separation and hardening: Resource policies"
package ballotbox.rules.workload_requests

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	container.list != "ephemeralContainers" # the API server refuses resources there
	some resource in ["cpu", "memory"]
	field := ["resources", "requests", resource]
	not quantity(fields.at(container.object, field))
	finding := pods.container_finding(pod, container, field, sprintf("%s must be set", [concat(".", field)]))
}

quantity(value) if {
	is_number(value)
	value > 0
}

quantity(value) if fields.matches(`^[0-9.]*[1-9][0-9.]*([numkMGTPE]|[KMGTPE]i|[eE][0-9]+)?$`, value)
