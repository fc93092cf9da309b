package ballotbox.tests.ingress_tls

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.ingress_tls.deny

production(tls) := fixtures.judged_as(
	[{"kind": "Ingress", "metadata": {"name": "i"}, "spec": {"rules": [{"host": "vote.com"}], "tls": tls}}],
	{"production": true},
)

test_accepts_a_certificate if count(deny) == 0 with input as production([{"hosts": ["vote.com"], "secretName": "vote-tls"}])

test_accepts_none_elsewhere if {
	count(deny) == 0 with input as fixtures.judged([{"kind": "Ingress", "metadata": {"name": "i"}, "spec": {"rules": [{"host": "vote.com"}]}}])
}

test_rejects_none_others_and_wrong_types if {
	every tls in [null, [], [{}], [{"hosts": ["result.com"], "secretName": "s"}], [{"hosts": ["vote.com"]}], [{"hosts": "vote.com", "secretName": "s"}], "x", 7] {
		count(deny) == 1 with input as production(tls)
	}
}
