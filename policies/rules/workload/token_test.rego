package ballotbox.tests.workload_token

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_token.deny

asking := {"annotations": {"policy.ballotbox/api-access": "reads Ingresses"}}

with_token := object.union(fixtures.restricted_pod, {"spec": {"automountServiceAccountToken": true}})

test_accepts_false if count(deny) == 0 with input as fixtures.unchanged

test_accepts_true_when_asked_for if {
	count(deny) == 0 with input as fixtures.judged([object.union(with_token, {"metadata": asking})])
}

test_rejects_absent if count(deny) == 1 with input as fixtures.without(["automountServiceAccountToken"])

test_rejects_null_true_and_wrong_types if {
	every value in [null, true, "false", 0, [], {}] {
		count(deny) == 1 with input as fixtures.pod({"automountServiceAccountToken": value})
	}
}

test_rejects_an_empty_reason if {
	every reason in ["", null, true] {
		count(deny) == 1 with input as fixtures.judged([object.union(
			with_token,
			{"metadata": {"annotations": {"policy.ballotbox/api-access": reason}}},
		)])
	}
}

test_rejects_a_projected_token if {
	count(deny) == 1 with input as fixtures.pod({"volumes": [{"name": "t", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}}]})
}
