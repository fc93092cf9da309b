# METADATA
# scope: package
# title: No hostPath volume
# description: >-
#   A hostPath volume is a piece of the node's own file system; through it a container reads the node's secrets or
#   becomes root on it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-HOST-PATH
#   severity: critical
#   judges: workloads
#   pss: baseline
#   official: hostPathVolumes
#   remedy: >-
#     Use a PersistentVolumeClaim, an emptyDir, a ConfigMap or a Secret instead of hostPath.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.12"
package ballotbox.rules.pss_host_path_volumes

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some index, volume in fields.elements(fields.at(pod.spec, ["volumes"]))
	fields.at(volume, ["hostPath"]) != null
	finding := pods.finding(pod, ["volumes", index, "hostPath"], sprintf(
		"volume %s must not be a hostPath",
		[fields.text(fields.at(volume, ["name"]))],
	))
}
