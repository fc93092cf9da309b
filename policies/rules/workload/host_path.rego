# METADATA
# scope: package
# title: No data on the node
# description: >-
#   Neither a pod nor a PersistentVolume of ours names a path of the node, whatever the namespace's level.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/storage/volumes/#hostpath
# custom:
#   id: WL-HOST-PATH
#   severity: high
#   judges: workloads
#   remedy: >-
#     Claim storage by a StorageClass.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.12"
package ballotbox.rules.workload_host_path

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some index, volume in fields.elements(fields.at(pod.spec, ["volumes"]))
	fields.at(volume, ["hostPath"]) != null
	finding := pods.finding(pod, ["volumes", index, "hostPath"], "a volume must not be a hostPath")
}

deny contains finding if {
	some entry in inputs.of_kind({"PersistentVolume"})
	some source in ["hostPath", "local"]
	fields.at(entry.object, ["spec", source]) != null
	finding := inputs.finding(entry, ["spec", source], sprintf("a PersistentVolume must not be a %s", [source]))
}
