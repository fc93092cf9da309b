package ballotbox.tests.pss_privileged

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_privileged.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_null_and_false if {
	every value in [null, false] {
		count(deny) == 0 with input as fixtures.security({"privileged": value})
	}
}

test_rejects_true if count(deny) == 1 with input as fixtures.security({"privileged": true})

test_rejects_wrong_types if {
	every value in ["true", "false", 0, 1, [], {}] {
		count(deny) == 1 with input as fixtures.security({"privileged": value})
	}
}

test_rejects_a_malformed_security_context if {
	every value in ["", 7, [], true] {
		count(deny) == 1 with input as fixtures.container({"securityContext": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"privileged": true}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"containers": [{"name": "a", "securityContext": {"privileged": true}}]})
	}
}
