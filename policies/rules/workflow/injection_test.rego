package ballotbox.tests.workflow_injection

import data.ballotbox.lib.workflow_fixtures
import data.ballotbox.rules.workflow_injection.deny

test_accepts_variables_and_harmless_contexts if {
	every run in ["echo $TITLE", "echo ${{ github.sha }}", "echo ${{ runner.os }}"] {
		count(deny) == 0 with input as workflow_fixtures.step({"run": run})
	}
}

test_rejects_text_of_the_event if {
	every run in ["echo ${{ github.event.issue.title }}", "git checkout ${{github.head_ref}}", "x ${{ inputs.tag }}"] {
		count(deny) == 1 with input as workflow_fixtures.step({"run": run})
	}
}
