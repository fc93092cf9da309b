package ballotbox.tests.workload_uid

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_uid.deny

namespace(minimum) := {"kind": "Namespace", "metadata": {"name": "shop", "annotations": {"policy.ballotbox/minimum-uid": minimum}}}

test_accepts_the_convention if {
	count(deny) == 0 with input as fixtures.unchanged
	count(deny) == 0 with input as fixtures.pod_security({"runAsUser": 999, "runAsGroup": 999})
}

test_accepts_the_containers_own_word if {
	count(deny) == 0 with input as fixtures.pod({
		"securityContext": null,
		"containers": [{"name": "a", "securityContext": {"runAsUser": 1000, "runAsGroup": 1000}}],
	})
}

test_accepts_windows if count(deny) == 0 with input as fixtures.pod({"os": {"name": "windows"}, "securityContext": null})

test_rejects_absent if {
	count(deny) == 2 with input as fixtures.without(["securityContext"])
	every id in ["runAsUser", "runAsGroup"] {
		count(deny) == 1 with input as fixtures.without(["securityContext", id])
	}
}

test_rejects_null_low_and_wrong_types if {
	every id in ["runAsUser", "runAsGroup"] {
		every value in [null, 0, 998, -1, 1000.5, "1000", true, [], {}] {
			count(deny) == 1 with input as fixtures.pod_security({id: value})
		}
	}
}

test_rejects_a_low_one_in_the_container if count(deny) == 1 with input as fixtures.security({"runAsUser": 1})

test_rejects_below_the_namespaces_minimum if {
	count(deny) == 2 with input as fixtures.judged([namespace("5000"), fixtures.restricted_pod])
	count(deny) == 0 with input as fixtures.judged([namespace("1000"), fixtures.restricted_pod])
	count(deny) == 0 with input as fixtures.judged([namespace("many"), fixtures.restricted_pod])
}
