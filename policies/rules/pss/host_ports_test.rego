package ballotbox.tests.pss_host_ports

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_host_ports.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_ports_of_the_container if {
	every port in [null, {"containerPort": 80}, {"containerPort": 80, "hostPort": null}, {"containerPort": 80, "hostPort": 0}] {
		count(deny) == 0 with input as fixtures.container({"ports": [port]})
	}
}

test_accepts_null_ports if count(deny) == 0 with input as fixtures.container({"ports": null})

test_rejects_host_ports if {
	every value in [1, 80, 65535, -1, "80", "", false, [], {}] {
		count(deny) == 1 with input as fixtures.container({"ports": [{"containerPort": 80, "hostPort": value}]})
	}
}

test_rejects_a_port_on_the_host_network if {
	count(deny) == 1 with input as fixtures.pod({
		"hostNetwork": true,
		"containers": [{"name": "a", "ports": [{"containerPort": 80}]}],
	})
}

test_rejects_malformed_ports if {
	every value in ["", 7, {}, true, ["x"]] {
		count(deny) == 1 with input as fixtures.container({"ports": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"ports": [{"hostPort": 80}]})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"containers": [{"name": "a", "ports": [{"hostPort": 1}]}]})
	}
}
