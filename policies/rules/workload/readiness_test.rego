package ballotbox.tests.workload_readiness

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_readiness.deny

test_accepts_every_action if {
	every action in ["httpGet", "tcpSocket", "exec", "grpc"] {
		count(deny) == 0 with input as fixtures.container({"readinessProbe": {action: {"port": 1}}})
	}
}

test_accepts_jobs_and_init_containers_without if {
	count(deny) == 0 with input as fixtures.in_kind("Job", {"containers": [{"name": "a"}]})
	count(deny) == 0 with input as fixtures.pod({"restartPolicy": "Never", "containers": [{"name": "a"}]})
	count(deny) == 0 with input as fixtures.pod({"initContainers": [{"name": "i"}]})
}

test_rejects_absent if count(deny) == 1 with input as fixtures.container_without(["readinessProbe"])

test_rejects_null_empty_and_wrong_types if {
	every value in [null, {}, {"periodSeconds": 5}, {"httpGet": null}, {"exec": {}}, {"exec": "true"}, "", 7, true, []] {
		count(deny) == 1 with input as fixtures.pod({"containers": [{"name": "a", "readinessProbe": value}]})
	}
}

test_rejects_every_long_running_kind if {
	every kind in ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ReplicationController"] {
		count(deny) == 1 with input as fixtures.in_kind(kind, {"containers": [{"name": "a"}]})
	}
}
