package ballotbox.tests.workload_disruption_budget

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_disruption_budget.deny

two := fixtures.deployment({"spec": {"replicas": 2}})

budget(spec) := {
	"kind": "PodDisruptionBudget",
	"metadata": {"name": "app", "namespace": "shop"},
	"spec": object.union({"selector": {"matchLabels": {"app": "app"}}}, spec),
}

test_accepts_one_replica if count(deny) == 0 with input as fixtures.judged([fixtures.deployment({})])

test_accepts_a_budget if {
	every spec in [{"minAvailable": 1}, {"maxUnavailable": 1}, {"minAvailable": "50%"}, {"maxUnavailable": "50%"}] {
		count(deny) == 0 with input as fixtures.judged([two, budget(spec)])
	}
}

test_rejects_none if count(deny) == 1 with input as fixtures.judged([two])

test_rejects_budgets_that_keep_nothing_or_block_every_drain if {
	every spec in [{}, {"minAvailable": 0}, {"minAvailable": 2}, {"maxUnavailable": 0}, {"maxUnavailable": 2}, {"minAvailable": "100%"}, {"minAvailable": null}, {"minAvailable": true}] {
		count(deny) == 1 with input as fixtures.judged([two, budget(spec)])
	}
}

test_rejects_a_budget_for_others if {
	count(deny) == 1 with input as fixtures.judged([two, budget({"minAvailable": 1, "selector": {"matchLabels": {"app": "other"}}})])
	count(deny) == 1 with input as fixtures.judged([two, object.union(budget({"minAvailable": 1}), {"metadata": {"namespace": "elsewhere"}})])
	count(deny) == 1 with input as fixtures.judged([two, object.union(budget({}), {"spec": {"minAvailable": 1, "selector": null}})])
}
