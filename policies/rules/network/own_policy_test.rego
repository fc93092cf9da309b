package ballotbox.tests.network_own_policy

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.network_own_policy.deny

policy(selector) := {"kind": "NetworkPolicy", "metadata": {"name": "app", "namespace": "shop"}, "spec": {"podSelector": selector}}

test_accepts_its_own if {
	count(deny) == 0 with input as fixtures.judged([fixtures.restricted_pod, policy({"matchLabels": {"app": "app"}})])
	count(deny) == 0 with input as fixtures.judged([fixtures.restricted_pod, policy({"matchExpressions": [{"key": "app", "operator": "Exists"}]})])
}

test_rejects_none if count(deny) == 1 with input as fixtures.judged([fixtures.restricted_pod])

test_rejects_one_for_everybody_for_others_and_wrong_types if {
	every selector in [{}, null, {"matchLabels": {"app": "other"}}, "", 7, [], {"matchLabels": "app"}] {
		count(deny) == 1 with input as fixtures.judged([fixtures.restricted_pod, policy(selector)])
	}
}

test_rejects_one_elsewhere if {
	count(deny) == 1 with input as fixtures.judged([
		fixtures.restricted_pod,
		object.union(policy({"matchLabels": {"app": "app"}}), {"metadata": {"namespace": "other"}}),
	])
}
