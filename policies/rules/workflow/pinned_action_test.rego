package ballotbox.tests.workflow_pinned_action

import data.ballotbox.lib.workflow_fixtures
import data.ballotbox.rules.workflow_pinned_action.deny

test_accepts_commits_and_own_actions if {
	every used in [
		"actions/checkout@0123456789abcdef0123456789abcdef01234567", "./.github/actions/x",
		"docker://alpine@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
	] {
		count(deny) == 0 with input as workflow_fixtures.step({"uses": used})
	}
}

test_rejects_tags_branches_and_wrong_types if {
	every used in ["actions/checkout@v4", "actions/checkout", "a/b@main", "a/b@0123456", "docker://alpine:3", "", 7, {}] {
		count(deny) == 1 with input as workflow_fixtures.step({"uses": used})
	}
}

test_rejects_reusable_workflows if count(deny) == 1 with input as workflow_fixtures.job({"uses": "a/b/.github/workflows/x.yml@main"})
