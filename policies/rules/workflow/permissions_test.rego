package ballotbox.tests.workflow_permissions

import data.ballotbox.lib.workflow_fixtures
import data.ballotbox.rules.workflow_permissions.deny

test_accepts_none_and_reading if {
	every value in [{}, {"contents": "read"}] {
		count(deny) == 0 with input as workflow_fixtures.workflow({"permissions": value})
	}
}

test_accepts_a_jobs_own if {
	count(deny) == 0 with input as workflow_fixtures.job({"permissions": {"security-events": "write"}})
}

test_rejects_absent_more_and_wrong_types if {
	every value in [null, "", "write-all", "read-all", {"contents": "write"}, {"contents": "read", "packages": "write"}, [], 7] {
		count(deny) == 1 with input as workflow_fixtures.top({"permissions": value})
	}
	count(deny) == 1 with input as workflow_fixtures.without("permissions")
}

test_rejects_everything_in_a_job if {
	every value in ["write-all", "read-all", "", []] {
		count(deny) == 1 with input as workflow_fixtures.job({"permissions": value})
	}
}
