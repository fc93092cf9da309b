package ballotbox.tests.image_user

import data.ballotbox.lib.containerfile_fixtures
import data.ballotbox.rules.image_user.deny

test_accepts_a_number if {
	every user in ["1000", "999:999"] {
		count(deny) == 0 with input as containerfile_fixtures.lines([["from", "a:1"], ["user", user]])
	}
}

test_accepts_root_on_the_way if {
	count(deny) == 0 with input as containerfile_fixtures.lines([["from", "a:1"], ["user", "0"], ["run", "x"], ["user", "1000"]])
}

test_rejects_root_names_and_variables if {
	every user in ["0", "root", "app", "1000x", "${UID}", "0:0", "01000"] {
		count(deny) == 1 with input as containerfile_fixtures.lines([["from", "a:1"], ["user", user]])
	}
}

test_rejects_none_and_one_of_another_stage if {
	count(deny) == 1 with input as containerfile_fixtures.lines([["from", "a:1"]])
	count(deny) == 1 with input as containerfile_fixtures.lines([["from", "a:1"], ["user", "1000"], ["from", "b:1"]])
}

test_rejects_root_at_the_end if {
	count(deny) == 1 with input as containerfile_fixtures.lines([["from", "a:1"], ["user", "1000"], ["user", "0"]])
}
