# METADATA
# scope: package
# title: A readiness probe
# description: >-
#   Without one a pod gets traffic before it can answer, and a rollout never stops at a broken version.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
# custom:
#   id: WL-READINESS
#   severity: medium
#   judges: workloads
#   remedy: >-
#     Give each container of a long-running workload a readinessProbe.
package ballotbox.rules.workload_readiness

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

actions := ["httpGet", "tcpSocket", "exec", "grpc"]

deny contains finding if {
	some pod in pods.all
	pods.long_running(pod)
	some container in pod.containers
	container.list == "containers"
	not asks(container.object)
	finding := pods.container_finding(pod, container, ["readinessProbe"], "readinessProbe must ask something")
}

asks(container) if {
	some action in actions
	value := fields.at(container, ["readinessProbe", action])
	is_object(value)
	value != fields.malformed
	count(value) > 0
}
