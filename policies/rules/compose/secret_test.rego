package ballotbox.tests.compose_secret

import data.ballotbox.lib.compose_fixtures
import data.ballotbox.rules.compose_secret.deny

test_accepts_references if {
	every value in [null, {}, [], {"DB_PASSWORD": "${DB_PASSWORD:?}"}, ["DB_PASSWORD=${DB_PASSWORD}"], ["DB_PASSWORD"], {"DB_PASSWORD_FILE": "/run/s"}, {"A": "b"}] {
		count(deny) == 0 with input as compose_fixtures.service({"environment": value})
	}
}

test_rejects_literals_and_wrong_types if {
	every value in [{"DB_PASSWORD": "x"}, {"DB_PASSWORD": 7}, ["DB_PASSWORD=x"], {"DB_PASSWORD": "${DB_PASSWORD:-x}"}, ["URL=redis://a:b@c"], "x", 7] {
		count(deny) == 1 with input as compose_fixtures.service({"environment": value})
	}
}
