package ballotbox.tests.pss_privilege_escalation

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_privilege_escalation.deny

test_accepts_false if count(deny) == 0 with input as fixtures.unchanged

test_accepts_windows if {
	count(deny) == 0 with input as fixtures.pod({"os": {"name": "windows"}, "containers": [{"name": "a"}]})
}

test_rejects_linux if {
	count(deny) == 1 with input as fixtures.pod({"os": {"name": "linux"}, "containers": [{"name": "a"}]})
}

test_rejects_absent if {
	every path in [["securityContext"], ["securityContext", "allowPrivilegeEscalation"]] {
		count(deny) == 1 with input as fixtures.container_without(path)
	}
}

test_rejects_null_true_and_wrong_types if {
	every value in [null, true, "false", 0, "", [], {}] {
		count(deny) == 1 with input as fixtures.security({"allowPrivilegeEscalation": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"allowPrivilegeEscalation": true}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"containers": [{"name": "a"}]})
	}
}
