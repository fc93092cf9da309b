package ballotbox.tests.secret_environment

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.secret_environment.deny

env(variable) := fixtures.container({"env": [variable]})

test_accepts_references_and_plain_values if {
	every variable in [
		{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "p"}}},
		{"name": "DB_PASSWORD", "value": null},
		{"name": "DB_PASSWORD", "value": ""},
		{"name": "DB_PASSWORD", "value": "$(OTHER)"},
		{"name": "DB_PASSWORD_FILE", "value": "/run/secrets/p"},
		{"name": "CHOICE_A", "value": "Cats"},
	] {
		count(deny) == 0 with input as env(variable)
	}
	count(deny) == 0 with input as fixtures.container({"env": null})
}

test_rejects_literals_and_wrong_types if {
	every variable in [
		{"name": "DB_PASSWORD", "value": "hunter2"},
		{"name": "cookieKey", "value": 7},
		{"name": "API_TOKEN", "value": {}},
		{"name": "DATABASE", "value": "postgres://a:hunter2@db/x"},
	] {
		count(deny) == 1 with input as env(variable)
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"env": [{"name": "PASSWORD", "value": "x"}]})
	}
}
