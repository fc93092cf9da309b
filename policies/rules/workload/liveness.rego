# METADATA
# scope: package
# title: A liveness probe
# description: >-
#   A process that hangs is restarted only when something notices.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
# custom:
#   id: WL-LIVENESS
#   severity: medium
#   judges: workloads
#   remedy: >-
#     Give each container of a long-running workload a livenessProbe.
package ballotbox.rules.workload_liveness

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
	finding := pods.container_finding(pod, container, ["livenessProbe"], "livenessProbe must ask something")
}

asks(container) if {
	some action in actions
	value := fields.at(container, ["livenessProbe", action])
	is_object(value)
	value != fields.malformed
	count(value) > 0
}
