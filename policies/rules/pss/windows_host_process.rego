# METADATA
# scope: package
# title: No Windows HostProcess
# description: >-
#   A Windows HostProcess container runs on the node itself, with its rights.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-WINDOWS-HOST-PROCESS
#   severity: critical
#   judges: workloads
#   pss: baseline
#   official: windowsHostProcess
#   remedy: >-
#     Remove windowsOptions.hostProcess, or set it to false.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.11"
package ballotbox.rules.pss_windows_host_process

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

field := ["securityContext", "windowsOptions", "hostProcess"]

deny contains finding if {
	some pod in pods.all
	not fields.at(pod.spec, field) in {null, false}
	finding := pods.finding(pod, field, "windowsOptions.hostProcess must not be true")
}

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	not fields.at(container.object, field) in {null, false}
	finding := pods.container_finding(pod, container, field, "windowsOptions.hostProcess must not be true")
}
