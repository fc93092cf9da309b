package ballotbox.tests.pss_seccomp

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_seccomp.deny

test_accepts_the_pods_profile if count(deny) == 0 with input as fixtures.unchanged

test_accepts_the_containers_profile if {
	count(deny) == 0 with input as fixtures.pod({
		"securityContext": {"seccompProfile": null},
		"containers": [{"name": "a", "securityContext": {"seccompProfile": {"type": "Localhost"}}}],
	})
}

test_accepts_windows if {
	count(deny) == 0 with input as fixtures.pod({"os": {"name": "windows"}, "securityContext": null})
}

test_rejects_linux_without_profile if {
	count(deny) == 1 with input as fixtures.pod({"os": {"name": "linux"}, "securityContext": null})
}

test_rejects_absent if {
	every path in [["securityContext"], ["securityContext", "seccompProfile"], ["securityContext", "seccompProfile", "type"]] {
		count(deny) > 0 with input as fixtures.without(path)
	}
}

test_rejects_others_and_wrong_types if {
	every value in [{"type": null}, {"type": "Unconfined"}, {"type": ""}, {"type": 7}, "RuntimeDefault", 7, [], true] {
		count(deny) == 1 with input as fixtures.security({"seccompProfile": value})
		count(deny) == 2 with input as fixtures.pod_security({"seccompProfile": value})
	}
}

test_rejects_a_bad_pod_profile_though_its_container_has_a_good_one if {
	count(deny) == 1 with input as fixtures.pod({
		"securityContext": {"seccompProfile": {"type": "Unconfined"}},
		"containers": [{"name": "a", "securityContext": {"seccompProfile": {"type": "Localhost"}}}],
	})
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"seccompProfile": {"type": "Unconfined"}}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"securityContext": null})
	}
}
