package ballotbox.tests.compose_hardening

import data.ballotbox.lib.compose_fixtures
import data.ballotbox.rules.compose_hardening.deny

test_accepts_a_hardened_service if count(deny) == 0 with input as compose_fixtures.service({})

test_rejects_absent if {
	every field in ["cap_drop", "security_opt", "read_only"] {
		count(deny) == 1 with input as compose_fixtures.without(field)
	}
}

test_rejects_null_others_and_wrong_types if {
	every change in [
		{"cap_drop": null}, {"cap_drop": "ALL"}, {"cap_drop": ["CHOWN"]}, {"security_opt": null}, {"security_opt": ["no-new-privileges:false"]},
		{"security_opt": "no-new-privileges:true"}, {"read_only": null}, {"read_only": false}, {"read_only": "true"},
	] {
		count(deny) == 1 with input as compose_fixtures.service(change)
	}
}

test_rejects_a_malformed_service if {
	every value in [null, "", 7, []] {
		count(deny) == 3 with input as compose_fixtures.judged({"services": {"app": value}})
	}
}
