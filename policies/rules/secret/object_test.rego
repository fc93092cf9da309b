package ballotbox.tests.secret_object

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.secret_object.deny

secret(change) := fixtures.judged([object.union({"kind": "Secret", "metadata": {"name": "s"}}, change)])

test_accepts_empty_ones if {
	count(deny) == 0 with input as secret({})
	count(deny) == 0 with input as secret({"data": null, "stringData": {}})
	count(deny) == 0 with input as secret({"data": {"password": null}, "stringData": {"password": ""}})
}

test_rejects_data_and_wrong_types if {
	every field in ["data", "stringData"] {
		every value in [{"a": "aHVudGVyMg=="}, {"a": 7}, "x", 7, ["x"]] {
			count(deny) == 1 with input as secret({field: value})
		}
	}
}
