package ballotbox.tests.workload_spread

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_spread.deny

two(spec) := fixtures.judged([fixtures.deployment({"spec": {"replicas": 2, "template": {"spec": spec}}})])

term := {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "app"}}}

test_accepts_one_replica if count(deny) == 0 with input as fixtures.judged([fixtures.deployment({})])

test_accepts_constraints_and_affinities if {
	count(deny) == 0 with input as two({"topologySpreadConstraints": [term]})
	count(deny) == 0 with input as two({"affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}})
	count(deny) == 0 with input as two({"affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": term}]}}})
}

test_rejects_none_null_and_wrong_types if {
	count(deny) == 1 with input as two({})
	every value in [null, [], [null], [{}], ["x"], "", 7, [object.union(term, {"labelSelector": {"matchLabels": {"app": "other"}}})], [object.remove(term, ["topologyKey"])]] {
		count(deny) == 1 with input as two({"topologySpreadConstraints": value})
	}
}
