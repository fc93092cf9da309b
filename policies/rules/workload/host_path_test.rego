package ballotbox.tests.workload_host_path

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_host_path.deny

test_accepts_absent_and_null if {
	count(deny) == 0 with input as fixtures.unchanged
	count(deny) == 0 with input as fixtures.pod({"volumes": [{"name": "v", "hostPath": null}]})
	count(deny) == 0 with input as fixtures.judged([{"kind": "PersistentVolume", "spec": {"csi": {}}}])
}

test_rejects_host_paths_and_wrong_types if {
	every value in [{"path": "/"}, {}, "/", 0, false, []] {
		count(deny) == 1 with input as fixtures.pod({"volumes": [{"name": "v", "hostPath": value}]})
	}
}

test_rejects_persistent_volumes_on_the_node if {
	every source in ["hostPath", "local"] {
		count(deny) == 1 with input as fixtures.judged([{"kind": "PersistentVolume", "spec": {source: {"path": "/d"}}}])
	}
}
