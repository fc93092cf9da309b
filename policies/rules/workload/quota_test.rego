package ballotbox.tests.workload_quota

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_quota.deny

objects(quota, limits) := fixtures.judged([
	{"kind": "Namespace", "metadata": {"name": "shop"}},
	fixtures.restricted_pod,
	{"kind": "ResourceQuota", "metadata": {"namespace": "shop"}, "spec": quota},
	{"kind": "LimitRange", "metadata": {"namespace": "shop"}, "spec": limits},
])

hard := {"hard": {"pods": "9"}}

limits := {"limits": [{"type": "Container"}]}

test_accepts_both if count(deny) == 0 with input as objects(hard, limits)

test_accepts_a_namespace_without_pods if count(deny) == 0 with input as fixtures.judged([{"kind": "Namespace", "metadata": {"name": "shop"}}])

test_rejects_absent if {
	count(deny) == 2 with input as fixtures.judged([{"kind": "Namespace", "metadata": {"name": "shop"}}, fixtures.restricted_pod])
}

test_rejects_null_empty_and_wrong_types if {
	every value in [null, {}, "", 7, {"hard": null}, {"hard": {}}, {"hard": "x"}] {
		count(deny) == 1 with input as objects(value, limits)
	}
	count(deny) == 1 with input as objects(hard, {"limits": []})
}
