package ballotbox.tests.network_default_deny

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.network_default_deny.deny

policy(spec) := {"kind": "NetworkPolicy", "metadata": {"name": "deny", "namespace": "shop"}, "spec": spec}

good := {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}

with_policies(policies) := fixtures.judged(array.concat([fixtures.restricted_pod], policies))

test_accepts_one_policy_for_both if count(deny) == 0 with input as with_policies([policy(good)])

test_accepts_a_policy_each if {
	count(deny) == 0 with input as with_policies([
		policy({"podSelector": {"matchLabels": {}}, "policyTypes": ["Ingress"], "ingress": []}),
		policy({"podSelector": {}, "policyTypes": ["Egress"], "egress": null}),
	])
}

test_accepts_a_set_without_workloads if count(deny) == 0 with input as fixtures.judged([policy({})])

test_rejects_none if count(deny) == 2 with input as with_policies([])

test_rejects_half_if_one_direction_is_missing if {
	count(deny) == 1 with input as with_policies([policy(object.union(good, {"policyTypes": ["Ingress"]}))])
	count(deny) == 1 with input as with_policies([policy(object.union(good, {"egress": [{}]}))])
	count(deny) == 1 with input as with_policies([policy(object.union(good, {"ingress": [{"from": []}]}))])
}

test_rejects_absent_null_and_wrong_types if {
	count(deny) == 2 with input as with_policies([policy(object.remove(good, ["podSelector"]))])
	count(deny) == 2 with input as with_policies([policy(object.remove(good, ["policyTypes"]))])
	every value in [null, "", 7, [], {"matchLabels": {"app": "a"}}, {"matchLabels": "x"}] {
		count(deny) == 2 with input as with_policies([policy(object.union(good, {"podSelector": value}))])
	}
	every value in [null, "Ingress", 7, {}, ["ingress"]] {
		count(deny) == 2 with input as with_policies([policy(object.union(good, {"policyTypes": value}))])
	}
}

test_rejects_a_policy_elsewhere if {
	count(deny) == 2 with input as with_policies([object.union(policy(good), {"metadata": {"namespace": "other"}})])
}
