package ballotbox.tests.workload_service_account

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_service_account.deny

test_accepts_an_account if count(deny) == 0 with input as fixtures.unchanged

test_rejects_absent if count(deny) == 1 with input as fixtures.without(["serviceAccountName"])

test_rejects_default_null_and_wrong_types if {
	every value in ["default", "", null, 7, true, [], {}] {
		count(deny) == 1 with input as fixtures.pod({"serviceAccountName": value})
	}
}
