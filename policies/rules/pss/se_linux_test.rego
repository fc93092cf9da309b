package ballotbox.tests.pss_se_linux

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_se_linux.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_null_empty_and_container_types if {
	every options in [null, {}, {"level": "s0:c1,c2"}, {"type": null, "user": null, "role": ""}, {"type": "container_kvm_t"}, {"type": "container_engine_t"}] {
		count(deny) == 0 with input as fixtures.security({"seLinuxOptions": options})
		count(deny) == 0 with input as fixtures.pod_security({"seLinuxOptions": options})
	}
}

forbidden := [
	{"type": "spc_t"}, {"type": "Container_t"}, {"user": "system_u"}, {"role": "sysadm_r"},
	{"type": 7}, {"user": false}, {"role": []},
]

test_rejects_others_and_wrong_types_in_the_container if {
	every options in forbidden {
		count(deny) == 1 with input as fixtures.security({"seLinuxOptions": options})
	}
}

test_rejects_others_and_wrong_types_in_the_pod if {
	every options in forbidden {
		count(deny) == 1 with input as fixtures.pod_security({"seLinuxOptions": options})
	}
}

test_rejects_malformed_options if {
	every value in ["", 7, [], true] {
		count(deny) > 0 with input as fixtures.security({"seLinuxOptions": value})
		count(deny) > 0 with input as fixtures.pod_security({"seLinuxOptions": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"seLinuxOptions": {"user": "system_u"}}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"securityContext": {"seLinuxOptions": {"type": "spc_t"}}})
	}
}
