package ballotbox.tests.pss_proc_mount

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_proc_mount.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_null_and_default if {
	every value in [null, "Default"] {
		count(deny) == 0 with input as fixtures.security({"procMount": value})
	}
}

unmasked := {"containers": [{"name": "a", "securityContext": {"procMount": "Unmasked"}}]}

test_rejects_unmasked_with_users_of_its_own_too if {
	count(deny) == 1 with input as fixtures.pod(object.union(unmasked, {"hostUsers": false}))
}

test_rejects_others_and_wrong_types if {
	every value in ["Unmasked", "default", "", 7, true, [], {}] {
		count(deny) == 1 with input as fixtures.security({"procMount": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"procMount": "Unmasked"}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, unmasked)
	}
}
