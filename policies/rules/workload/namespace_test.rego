package ballotbox.tests.workload_namespace

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_namespace.deny

test_accepts_a_namespace if count(deny) == 0 with input as fixtures.unchanged

test_rejects_default_absent_and_wrong_types if {
	every value in ["default", null, 7, {}] {
		count(deny) == 1 with input as fixtures.metadata({"namespace": value})
	}
	count(deny) == 1 with input as fixtures.judged([json.remove(fixtures.restricted_pod, [["metadata", "namespace"]])])
}
