package ballotbox.tests.workflow_pull_request_target

import data.ballotbox.lib.workflow_fixtures
import data.ballotbox.rules.workflow_pull_request_target.deny

test_accepts_others if {
	every on in ["push", ["push", "pull_request"], {"pull_request": "", "push": {"branches": ["main"]}}] {
		count(deny) == 0 with input as workflow_fixtures.workflow({"on": on})
	}
}

test_rejects_it_in_every_spelling if {
	every on in ["pull_request_target", ["push", "pull_request_target"], {"pull_request_target": ""}, {"workflow_run": {}}] {
		count(deny) == 1 with input as workflow_fixtures.workflow({"on": on})
	}
}
