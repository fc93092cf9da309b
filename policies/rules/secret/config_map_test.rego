package ballotbox.tests.secret_config_map

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.secret_config_map.deny

config(contents) := fixtures.judged([{"kind": "ConfigMap", "metadata": {"name": "c"}, "data": contents}])

test_accepts_plain_data if {
	every contents in [null, {}, {"CHOICE_A": "Cats"}, {"redis.conf": "appendonly yes\naclfile /etc/users.acl\n"}, {"password": null}, {"password": ""}] {
		count(deny) == 0 with input as config(contents)
	}
}

test_rejects_secrets_and_wrong_types if {
	every contents in [{"password": "hunter2"}, {"a": "-----BEGIN PRIVATE KEY-----"}, {"redis.conf": "requirepass hunter2"}, {"a.ini": "[a]\npassword = x"}, "x", 7, ["x"]] {
		count(deny) == 1 with input as config(contents)
	}
}

test_rejects_binary_data if count(deny) == 1 with input as fixtures.judged([{"kind": "ConfigMap", "binaryData": {"token": "eA=="}}])
