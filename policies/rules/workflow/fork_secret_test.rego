package ballotbox.tests.workflow_fork_secret

import data.ballotbox.lib.workflow_fixtures
import data.ballotbox.rules.workflow_fork_secret.deny

on_pull_request(job) := workflow_fixtures.workflow({"on": {"pull_request": "", "push": ""}, "jobs": {"build": job}})

with_secret := {"steps": [{"run": "x", "env": {"T": "${{ secrets.DEPLOY_KEY }}"}}]}

test_accepts_none_and_the_bounded_token if {
	every job in [{}, {"steps": [{"run": "x"}]}, {"steps": [{"with": {"token": "${{ secrets.GITHUB_TOKEN }}"}}]}] {
		count(deny) == 0 with input as on_pull_request(job)
	}
}

test_accepts_a_job_that_keeps_them_out if {
	count(deny) == 0 with input as on_pull_request(object.union(with_secret, {"if": "github.event_name != 'pull_request'"}))
}

test_accepts_a_workflow_they_do_not_start if {
	count(deny) == 0 with input as workflow_fixtures.workflow({"on": "push", "jobs": {"build": with_secret}})
}

test_rejects_secrets if {
	every job in [with_secret, {"env": {"T": "${{ secrets['X'] }}"}}, {"secrets": "inherit"}, object.union(with_secret, {"if": "always()"})] {
		count(deny) == 1 with input as on_pull_request(job)
	}
	count(deny) == 1 with input as workflow_fixtures.workflow({"on": "pull_request", "env": {"A": "${{ secrets.A }}"}})
}
