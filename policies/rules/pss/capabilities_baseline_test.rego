package ballotbox.tests.pss_capabilities_baseline

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_capabilities_baseline.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_null_empty_and_the_default_set if {
	every value in [null, [], ["CHOWN"], ["NET_BIND_SERVICE", "SETUID", "SYS_CHROOT"]] {
		count(deny) == 0 with input as fixtures.security({"capabilities": {"add": value}})
	}
}

test_rejects_others_and_wrong_types if {
	every value in [["NET_RAW"], ["SYS_ADMIN"], ["ALL"], ["chown"], ["CAP_CHOWN"], [""], [null], [7], "CHOWN", 7, true, {}] {
		count(deny) == 1 with input as fixtures.security({"capabilities": {"add": value}})
	}
}

test_rejects_malformed_capabilities if {
	every value in ["", 7, [], true] {
		count(deny) == 1 with input as fixtures.security({"capabilities": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"capabilities": {"add": ["NET_RAW"]}}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}]})
	}
}
