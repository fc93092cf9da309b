package ballotbox.tests.pss_windows_host_process

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_windows_host_process.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_null_and_false if {
	every options in [null, {}, {"hostProcess": null}, {"hostProcess": false}] {
		count(deny) == 0 with input as fixtures.security({"windowsOptions": options})
		count(deny) == 0 with input as fixtures.pod_security({"windowsOptions": options})
	}
}

test_rejects_true_and_wrong_types if {
	every options in [{"hostProcess": true}, {"hostProcess": "false"}, {"hostProcess": 0}, {"hostProcess": {}}, "", 7, [], true] {
		count(deny) == 1 with input as fixtures.security({"windowsOptions": options})
		count(deny) == 1 with input as fixtures.pod_security({"windowsOptions": options})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"windowsOptions": {"hostProcess": true}}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"securityContext": {"windowsOptions": {"hostProcess": true}}})
	}
}
