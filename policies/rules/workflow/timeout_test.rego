package ballotbox.tests.workflow_timeout

import data.ballotbox.lib.workflow_fixtures
import data.ballotbox.rules.workflow_timeout.deny

test_accepts_both if count(deny) == 0 with input as workflow_fixtures.job({"timeout-minutes": "10"})

test_accepts_a_plain_group if count(deny) == 0 with input as workflow_fixtures.top({"concurrency": "ci"})

test_rejects_absent_and_wrong_types if {
	every value in [null, "", "0", "soon", [], {}] {
		count(deny) == 1 with input as workflow_fixtures.job({"timeout-minutes": value})
	}
	every value in [null, "", [], {}, {"group": ""}, {"group": {}}] {
		count(deny) == 1 with input as workflow_fixtures.top({"concurrency": value})
	}
}
