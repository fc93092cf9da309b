package ballotbox.tests.pss_host_namespaces

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_host_namespaces.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_null_and_false if {
	every field in ["hostNetwork", "hostPID", "hostIPC"] {
		every value in [null, false] {
			count(deny) == 0 with input as fixtures.pod({field: value})
		}
	}
}

test_rejects_true_and_wrong_types if {
	every field in ["hostNetwork", "hostPID", "hostIPC"] {
		every value in [true, "true", "false", 0, 1, [], {}] {
			count(deny) == 1 with input as fixtures.pod({field: value})
		}
	}
}

test_rejects_a_malformed_spec if {
	every value in ["", 7, []] {
		count(deny) == 3 with input as fixtures.judged([{"kind": "Pod", "spec": value}])
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"hostPID": true})
	}
}
