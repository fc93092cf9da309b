# METADATA
# scope: package
# title: A workload that can be judged
# description: >-
#   Every workload has a pod with containers, each with a name and an image. What cannot be read cannot be judged,
#   so it is refused.
# related_resources:
#   - ref: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
# custom:
#   id: WL-SHAPE
#   severity: high
#   judges: workloads
#   remedy: >-
#     Mend the manifest: kubectl apply --dry-run=server says what the API server expects.
package ballotbox.rules.workload_shape

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	count([container | some container in pod.containers; container.list == "containers"]) == 0
	finding := pods.finding(pod, ["containers"], "a pod must have containers")
}

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	some field in ["name", "image"]
	not text(fields.at(container.object, [field]))
	finding := pods.container_finding(pod, container, [field], sprintf("%s must be a text", [field]))
}

# Controls look at these two only to exempt a pod; whoever cannot be read is not exempt, and is refused here.
deny contains finding if {
	some pod in pods.all
	not fields.at(pod.spec, ["hostUsers"]) in {null, true, false}
	finding := pods.finding(pod, ["hostUsers"], "hostUsers must be true or false")
}

deny contains finding if {
	some pod in pods.all
	not name(fields.at(pod.spec, ["os", "name"]))
	finding := pods.finding(pod, ["os", "name"], "os.name must be a text")
}

# The same for annotations: one control looks at them, and only at some.
deny contains finding if {
	some pod in pods.all
	some key, value in fields.entries(fields.at(pod.metadata, ["annotations"]))
	value != null
	not is_string(value)
	finding := pods.metadata_finding(pod, ["annotations", key], sprintf("annotation %s must be a text", [key]))
}

name(null)

name(value) if is_string(value)

text(value) if {
	is_string(value)
	value != ""
}
