# METADATA
# scope: package
# title: No probe or hook that calls another host
# description: >-
#   A probe or lifecycle hook with a host field makes the kubelet send requests wherever the pod's author wants: a
#   server-side request forgery with the node's network rights.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-HOST-PROBES
#   severity: high
#   judges: workloads
#   pss: baseline
#   official: hostProbesAndHostLifecycle
#   remedy: >-
#     Remove host from httpGet and tcpSocket; the kubelet then asks the pod itself.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
package ballotbox.rules.pss_host_probes

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

handlers := [
	["livenessProbe"], ["readinessProbe"], ["startupProbe"],
	["lifecycle", "postStart"], ["lifecycle", "preStop"],
]

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	some handler in handlers
	some action in ["httpGet", "tcpSocket"]
	field := array.concat(handler, [action, "host"])
	not fields.at(container.object, field) in {null, ""}
	finding := pods.container_finding(pod, container, field, sprintf("%s must not be set", [concat(".", field)]))
}
