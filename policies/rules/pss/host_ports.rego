# METADATA
# scope: package
# title: No port of the node's
# description: >-
#   A hostPort listens on the node's own address, past Services and Ingress, and two pods that want it never share a
#   node. With hostNetwork the API server makes every containerPort a hostPort.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-HOST-PORTS
#   severity: high
#   judges: workloads
#   pss: baseline
#   official: hostPorts
#   remedy: >-
#     Remove hostPort; reach the pod by a Service.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.13"
package ballotbox.rules.pss_host_ports

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	some index, port in fields.elements(fields.at(container.object, ["ports"]))
	host_port := defaulted(pod, container, port)
	not host_port in {null, 0}
	finding := pods.container_finding(
		pod, container, ["ports", index, "hostPort"],
		sprintf("hostPort must not be set; it is %s", [fields.text(host_port)]),
	)
}

# https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/apis/core/v1/defaults.go: SetDefaults_Pod
defaulted(pod, container, port) := fields.at(port, ["containerPort"]) if {
	fields.at(port, ["hostPort"]) in {null, 0}
	fields.at(pod.spec, ["hostNetwork"]) == true
	container.list != "ephemeralContainers"
} else := fields.at(port, ["hostPort"])
