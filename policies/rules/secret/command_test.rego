package ballotbox.tests.secret_command

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.secret_command.deny

test_accepts_plain_words_and_references if {
	every words in [null, [], ["serve"], ["--password=$(PASSWORD)"], ["--password-file=/run/s"], ["--token="], ["--log=info"]] {
		count(deny) == 0 with input as fixtures.container({"args": words})
		count(deny) == 0 with input as fixtures.container({"command": words})
	}
}

test_rejects_literals_and_wrong_types if {
	every words in [["--password=hunter2"], ["x", "API_TOKEN=abc"], ["redis://a:b@c/0"], [7], "x", {}] {
		count(deny) == 1 with input as fixtures.container({"args": words})
		count(deny) == 1 with input as fixtures.container({"command": words})
	}
}
