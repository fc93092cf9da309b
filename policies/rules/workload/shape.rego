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

# A control that exempts a pod does not look at its fields; they must be readable all the same.
exempted := {
	["securityContext", "runAsNonRoot"]: "boolean",
	["securityContext", "runAsUser"]: "integer",
	["securityContext", "seccompProfile", "type"]: "text",
}

exempted_in_containers := object.union(exempted, {
	["securityContext", "allowPrivilegeEscalation"]: "boolean",
	["securityContext", "procMount"]: "text",
	["securityContext", "capabilities", "add"]: "list of texts",
	["securityContext", "capabilities", "drop"]: "list of texts",
})

deny contains finding if {
	some pod in pods.all
	some path, type in exempted
	not readable(fields.at(pod.spec, path), type)
	finding := pods.finding(pod, path, sprintf("%s must be of type %s", [concat(".", path), type]))
}

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	some path, type in exempted_in_containers
	not readable(fields.at(container.object, path), type)
	finding := pods.container_finding(pod, container, path, sprintf("%s must be of type %s", [concat(".", path), type]))
}

readable(null, _)

readable(value, "boolean") if is_boolean(value)

readable(value, "integer") if fields.integer(value)

readable(value, "text") if is_string(value)

readable(value, "list of texts") if {
	is_array(value)
	every item in value {
		name(item)
	}
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
