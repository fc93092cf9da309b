# Every pod that an object describes, whatever the kind, with all its containers.
package ballotbox.lib.pods

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

# Where each kind keeps its pod. A kind that is not here has none: harness/policy/kinds.py refuses kinds nobody knows.
templates := {
	"Pod": [],
	"PodTemplate": ["template"],
	"Deployment": ["spec", "template"],
	"ReplicaSet": ["spec", "template"],
	"StatefulSet": ["spec", "template"],
	"DaemonSet": ["spec", "template"],
	"ReplicationController": ["spec", "template"],
	"Job": ["spec", "template"],
	"CronJob": ["spec", "jobTemplate", "spec", "template"],
}

container_lists := ["initContainers", "containers", "ephemeralContainers"]

all := [pod |
	some entry in inputs.objects
	path := templates[entry.object.kind]
	template := template_at(entry.object, path)
	spec := fields.at(template, ["spec"])
	pod := {
		"id": entry.id,
		"set": entry.set,
		"level": entry.level,
		"production": entry.production,
		"kind": entry.object.kind,
		"namespace": inputs.namespace_of(entry.object),
		"object": entry.object,
		"path": path,
		"metadata": fields.at(template, ["metadata"]),
		"spec": spec,
		"containers": containers(spec),
	}
]

template_at(object, []) := object

template_at(object, path) := fields.at(object, path) if count(path) > 0

containers(spec) := [container |
	some list in container_lists
	some index, object in fields.elements(fields.at(spec, [list]))
	container := {"list": list, "index": index, "name": name_of(object, index), "object": object}
]

name_of(object, _) := name if {
	name := fields.at(object, ["name"])
	is_string(name)
}

name_of(object, index) := sprintf("#%d", [index]) if not is_string(fields.at(object, ["name"]))

# The pods whose containers are the application's own for as long as the pod lives.
long_running(pod) if pod.kind in {"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"}

long_running(pod) if {
	pod.kind == "Pod"
	not fields.at(pod.spec, ["restartPolicy"]) in {"Never", "OnFailure"}
}

# The official evaluator asks nothing of Linux-only fields in a pod that says it is for Windows.
windows(pod) if fields.at(pod.spec, ["os", "name"]) == "windows"

# A user namespace of its own: root in the pod is nobody on the node.
own_users(pod) if fields.at(pod.spec, ["hostUsers"]) == false

finding(pod, field, message) := {
	"subject": pod.id,
	"container": null,
	"field": array.concat(array.concat(pod.path, ["spec"]), field),
	"msg": message,
	"level": pod.level,
}

metadata_finding(pod, field, message) := {
	"subject": pod.id,
	"container": null,
	"field": array.concat(array.concat(pod.path, ["metadata"]), field),
	"msg": message,
	"level": pod.level,
}

container_finding(pod, container, field, message) := {
	"subject": pod.id,
	"container": container.name,
	"field": array.concat(array.concat(pod.path, ["spec", container.list, container.index]), field),
	"msg": message,
	"level": pod.level,
}
