package ballotbox.tests.workload_limits

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_limits.deny

test_accepts_both if count(deny) == 0 with input as fixtures.unchanged

test_accepts_quantities if {
	every value in [1, 0.5, "1", "100m", "64Mi", "1e3", "0.5", "10Gi"] {
		count(deny) == 0 with input as fixtures.container({"resources": {"limits": {"cpu": value}}})
	}
}

test_accepts_ephemeral_containers_without if {
	count(deny) == 0 with input as fixtures.pod({"ephemeralContainers": [{"name": "e"}]})
}

test_rejects_absent if {
	count(deny) == 2 with input as fixtures.container_without(["resources"])
	count(deny) == 2 with input as fixtures.container_without(["resources", "limits"])
	every resource in ["cpu", "memory"] {
		count(deny) == 1 with input as fixtures.container_without(["resources", "limits", resource])
	}
}

test_rejects_null_nothing_and_wrong_types if {
	every value in [null, "", "much", 0, "0", true, [], {}] {
		count(deny) == 1 with input as fixtures.container({"resources": {"limits": {"memory": value}}})
	}
}

test_rejects_init_containers_without if {
	count(deny) == 2 with input as fixtures.pod({"initContainers": [{"name": "i"}]})
}
