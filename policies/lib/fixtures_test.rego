# What the rules' tests judge: pods that pass every control, with one thing changed.
package ballotbox.lib.fixtures

import data.ballotbox.lib.pods

restricted_container := {
	"name": "app",
	"image": "registry.example/app:1.2.3",
	"resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "1", "memory": "32Mi"}},
	"livenessProbe": {"httpGet": {"path": "/livez", "port": "admin"}},
	"readinessProbe": {"httpGet": {"path": "/readyz", "port": "admin"}},
	"securityContext": {
		"allowPrivilegeEscalation": false,
		"readOnlyRootFilesystem": true,
		"capabilities": {"drop": ["ALL"]},
	},
}

restricted_spec := {
	"serviceAccountName": "app",
	"automountServiceAccountToken": false,
	"securityContext": {
		"runAsNonRoot": true,
		"runAsUser": 1000,
		"runAsGroup": 1000,
		"seccompProfile": {"type": "RuntimeDefault"},
	},
	"containers": [restricted_container],
}

restricted_pod := {
	"apiVersion": "v1",
	"kind": "Pod",
	"metadata": {"name": "app", "namespace": "shop", "labels": {"app": "app"}},
	"spec": restricted_spec,
}

# judged wraps objects as the gate does.
judged(objects) := judged_as(objects, {})

judged_as(objects, settings) := [{"path": "gate.json", "contents": {"sets": [object.union(
	{
		"name": "test",
		"level": "restricted",
		"production": false,
		"containerfiles": [],
		"composes": [],
		"workflows": [],
		"objects": [{"id": id, "object": object} | some id, object in objects],
	},
	settings,
)]}}]

unchanged := judged([restricted_pod])

# pod changes the pod's spec, deeply; container the one container; metadata the pod's metadata.
pod(change) := judged([object.union(restricted_pod, {"spec": change})])

container(change) := pod({"containers": [object.union(restricted_container, change)]})

metadata(change) := judged([object.union(restricted_pod, {"metadata": change})])

security(change) := container({"securityContext": change})

pod_security(change) := pod({"securityContext": change})

# without removes a field of the pod's spec or of its container.
without(path) := judged([json.remove(restricted_pod, [array.concat(["spec"], path)])])

container_without(path) := pod({"containers": [json.remove(restricted_container, [path])]})

# in_list puts a changed container into one of the three lists of containers, beside a good one.
in_list(list, change) := pod({list: array.concat(
	[container | list == "containers"; container := restricted_container],
	[object.union(restricted_container, object.union({"name": "changed"}, change))],
)})

# in_kind wraps the pod's spec, changed, in a kind with a pod template.
in_kind(kind, change) := judged([wrapped(kind, object.union(restricted_spec, change))])

wrapped(kind, spec) := object.union({"kind": kind, "metadata": {"name": "app", "namespace": "shop"}}, nested) if {
	template := {"metadata": {"labels": {"app": "app"}}, "spec": spec}
	path := pods.templates[kind]
	count(path) > 0
	nested := json.patch({}, array.concat(
		[{"op": "add", "path": array.slice(path, 0, length), "value": {}} | some length in numbers.range(1, count(path))],
		[{"op": "add", "path": path, "value": template}],
	))
}

deployment(change) := object.union(
	object.union(wrapped("Deployment", restricted_spec), {"apiVersion": "apps/v1", "spec": {"replicas": 1}}),
	change,
)

# Values that no field takes.
wrong_types := ["", "yes", 7, -1, 1.5, [], ["x"], {}, {"x": 1}, true, false]
