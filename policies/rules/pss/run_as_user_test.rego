package ballotbox.tests.pss_run_as_user

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_run_as_user.deny

test_accepts_a_user if count(deny) == 0 with input as fixtures.unchanged

test_accepts_absent_and_null if {
	count(deny) == 0 with input as fixtures.without(["securityContext", "runAsUser"])
	count(deny) == 0 with input as fixtures.pod_security({"runAsUser": null})
	count(deny) == 0 with input as fixtures.security({"runAsUser": null})
}

test_accepts_users_of_its_own if {
	count(deny) == 0 with input as fixtures.pod({"hostUsers": false, "securityContext": {"runAsUser": 0}})
}

test_rejects_root_and_wrong_types if {
	every value in [0, "0", "1000", 1.5, true, false, [], {}] {
		count(deny) == 1 with input as fixtures.pod_security({"runAsUser": value})
		count(deny) == 1 with input as fixtures.security({"runAsUser": value})
	}
}

test_rejects_malformed_security_contexts if {
	every value in ["", 7, [], true] {
		count(deny) == 1 with input as fixtures.pod({"securityContext": value})
		count(deny) == 1 with input as fixtures.container({"securityContext": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"runAsUser": 0}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"securityContext": {"runAsUser": 0}})
	}
}
