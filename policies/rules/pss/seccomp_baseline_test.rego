package ballotbox.tests.pss_seccomp_baseline

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_seccomp_baseline.deny

test_accepts_absent if {
	count(deny) == 0 with input as fixtures.unchanged
	count(deny) == 0 with input as fixtures.without(["securityContext"])
}

test_accepts_null_and_allowed_types if {
	every value in [null, {"type": "RuntimeDefault"}, {"type": "Localhost", "localhostProfile": "p.json"}] {
		count(deny) == 0 with input as fixtures.security({"seccompProfile": value})
		count(deny) == 0 with input as fixtures.pod({"securityContext": {"seccompProfile": value}})
	}
}

test_rejects_others_and_wrong_types if {
	every value in [{"type": null}, {"type": "Unconfined"}, {"type": ""}, {"type": "runtime/default"}, {"type": 7}, "RuntimeDefault", 7, [], true] {
		count(deny) == 1 with input as fixtures.security({"seccompProfile": value})
		count(deny) == 1 with input as fixtures.pod_security({"seccompProfile": value})
	}
}

test_rejects_a_profile_without_type if count(deny) == 1 with input as fixtures.security({"seccompProfile": {}})

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"seccompProfile": {"type": "Unconfined"}}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"securityContext": {"seccompProfile": {"type": "Unconfined"}}})
	}
}
