package ballotbox.tests.workload_read_only_root

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.workload_read_only_root.deny

test_accepts_true if count(deny) == 0 with input as fixtures.unchanged

test_accepts_windows if count(deny) == 0 with input as fixtures.pod({"os": {"name": "windows"}, "containers": [{"name": "a"}]})

test_rejects_absent if {
	every path in [["securityContext"], ["securityContext", "readOnlyRootFilesystem"]] {
		count(deny) == 1 with input as fixtures.container_without(path)
	}
}

test_rejects_null_false_and_wrong_types if {
	every value in [null, false, "true", 1, [], {}] {
		count(deny) == 1 with input as fixtures.security({"readOnlyRootFilesystem": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"readOnlyRootFilesystem": false}})
	}
}
