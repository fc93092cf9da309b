package ballotbox.tests.pss_capabilities

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_capabilities.deny

test_accepts_all_dropped if count(deny) == 0 with input as fixtures.unchanged

test_accepts_net_bind_service_null_and_empty if {
	every value in [null, [], ["NET_BIND_SERVICE"]] {
		count(deny) == 0 with input as fixtures.security({"capabilities": {"add": value}})
	}
}

test_accepts_more_than_all if {
	count(deny) == 0 with input as fixtures.security({"capabilities": {"drop": ["CHOWN", "ALL", null]}})
}

test_accepts_windows if {
	count(deny) == 0 with input as fixtures.pod({"os": {"name": "windows"}, "containers": [{"name": "a"}]})
}

test_rejects_linux_and_malformed_os if {
	every os in [{"name": "linux"}, {"name": "Windows"}, {}, null, "windows"] {
		count(deny) == 1 with input as fixtures.pod({"os": os, "containers": [{"name": "a"}]})
	}
}

test_rejects_absent if {
	every path in [["securityContext"], ["securityContext", "capabilities"], ["securityContext", "capabilities", "drop"]] {
		count(deny) == 1 with input as fixtures.container_without(path)
	}
}

test_rejects_null_and_wrong_types if {
	every value in [null, [], ["all"], ["CAP_ALL"], ["CHOWN"], ["ALL", 7], "ALL", 7, true, {}, {"0": "ALL"}] {
		count(deny) == 1 with input as fixtures.security({"capabilities": {"drop": value}})
	}
}

test_rejects_others_added if {
	every value in [["CHOWN"], ["ALL"], ["net_bind_service"], [null], [7], "NET_BIND_SERVICE", 7, {}] {
		count(deny) == 1 with input as fixtures.security({"capabilities": {"add": value}})
	}
}

test_rejects_malformed_capabilities if {
	every value in ["", 7, [], true] {
		count(deny) == 2 with input as fixtures.security({"capabilities": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"capabilities": {"drop": []}}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"containers": [{"name": "a"}]})
	}
}
