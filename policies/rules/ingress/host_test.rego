package ballotbox.tests.ingress_host

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.ingress_host.deny

ingress(spec) := fixtures.judged([{"kind": "Ingress", "metadata": {"name": "i"}, "spec": spec}])

test_accepts_a_host if count(deny) == 0 with input as ingress({"rules": [{"host": "vote.com"}], "defaultBackend": null})

test_rejects_absent_wildcard_and_wrong_types if {
	every rule in [{}, {"host": null}, {"host": ""}, {"host": "*"}, {"host": "*.com"}, {"host": 7}, {"host": {}}, null, "x"] {
		count(deny) == 1 with input as ingress({"rules": [rule]})
	}
}

test_rejects_no_rules if {
	every spec in [{}, null, {"rules": null}, {"rules": []}, {"rules": "x"}] {
		count(deny) == 1 with input as ingress(spec)
	}
}

test_rejects_a_default_backend if {
	every value in [{"service": {"name": "a"}}, {}, "x"] {
		count(deny) == 1 with input as ingress({"rules": [{"host": "vote.com"}], "defaultBackend": value})
	}
}
