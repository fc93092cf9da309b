package ballotbox.tests.pss_host_path_volumes

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_host_path_volumes.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_other_volumes_and_null if {
	every volume in [null, {"name": "v"}, {"name": "v", "emptyDir": {}}, {"name": "v", "hostPath": null}] {
		count(deny) == 0 with input as fixtures.pod({"volumes": [volume]})
	}
}

test_accepts_null_volumes if count(deny) == 0 with input as fixtures.pod({"volumes": null})

test_rejects_host_path if {
	every value in [{"path": "/"}, {}, "", "/", 0, false, []] {
		count(deny) == 1 with input as fixtures.pod({"volumes": [{"name": "v", "hostPath": value}]})
	}
}

test_rejects_malformed_volumes if {
	every value in ["", 7, {}, true] {
		count(deny) == 1 with input as fixtures.pod({"volumes": value})
	}
}

test_rejects_a_malformed_volume if {
	every value in ["", 7, [], true] {
		count(deny) == 1 with input as fixtures.pod({"volumes": [value]})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"volumes": [{"name": "v", "hostPath": {"path": "/"}}]})
	}
}
