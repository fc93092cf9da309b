package ballotbox.tests.pss_run_as_non_root

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_run_as_non_root.deny

test_accepts_the_pods_word if count(deny) == 0 with input as fixtures.unchanged

test_accepts_the_containers_word if {
	every value in [null, true] {
		count(deny) == 0 with input as fixtures.pod({
			"securityContext": {"runAsNonRoot": value},
			"containers": [{"name": "a", "securityContext": {"runAsNonRoot": true}}],
		})
	}
}

test_accepts_users_of_its_own if {
	count(deny) == 0 with input as fixtures.pod({"hostUsers": false, "securityContext": {"runAsNonRoot": false}})
}

test_rejects_the_hosts_users if {
	every value in [null, true, "false", 0] {
		count(deny) > 0 with input as fixtures.pod({"hostUsers": value, "securityContext": {"runAsNonRoot": false}})
	}
}

test_rejects_absent if {
	every path in [["securityContext"], ["securityContext", "runAsNonRoot"]] {
		count(deny) == 1 with input as fixtures.without(path)
	}
}

test_rejects_null_false_and_wrong_types_in_the_pod if {
	every value in [null, false, "true", 1, [], {}] {
		count(deny) > 0 with input as fixtures.pod_security({"runAsNonRoot": value})
	}
}

test_rejects_false_and_wrong_types_in_the_container if {
	every value in [false, "true", 1, [], {}] {
		count(deny) == 1 with input as fixtures.security({"runAsNonRoot": value})
	}
}

test_rejects_false_in_the_pod_though_its_container_says_true if {
	count(deny) == 1 with input as fixtures.pod({
		"securityContext": {"runAsNonRoot": false},
		"containers": [{"name": "a", "securityContext": {"runAsNonRoot": true}}],
	})
}

test_rejects_malformed_security_contexts if {
	every value in ["", 7, [], true] {
		count(deny) > 0 with input as fixtures.pod({"securityContext": value})
		count(deny) > 0 with input as fixtures.container({"securityContext": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"runAsNonRoot": false}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"securityContext": {"runAsNonRoot": false}})
	}
}
