package ballotbox.tests.compose_user

import data.ballotbox.lib.compose_fixtures
import data.ballotbox.rules.compose_user.deny

test_accepts_numbers if {
	every value in ["999", "999:999", 1000] {
		count(deny) == 0 with input as compose_fixtures.service({"user": value})
	}
}

test_accepts_a_build_that_is_judged_itself if {
	count(deny) == 0 with input as compose_fixtures.built({"user": null, "build": "."})
}

test_rejects_a_build_nobody_judges if count(deny) == 1 with input as compose_fixtures.service({"user": null, "build": "."})

test_rejects_root_names_absent_and_wrong_types if {
	every value in ["0", "root", "0:0", "app", "", null, 0, -1, true, {}] {
		count(deny) == 1 with input as compose_fixtures.service({"user": value})
	}
	count(deny) == 1 with input as compose_fixtures.without("user")
}
