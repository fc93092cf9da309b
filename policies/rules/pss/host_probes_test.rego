package ballotbox.tests.pss_host_probes

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_host_probes.deny

handlers := [["livenessProbe"], ["readinessProbe"], ["startupProbe"], ["lifecycle", "postStart"], ["lifecycle", "preStop"]]

nested([key], value) := {key: value}

nested([first, second], value) := {first: {second: value}}

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_null_and_empty if {
	every handler in handlers {
		every value in [null, ""] {
			count(deny) == 0 with input as fixtures.container(nested(handler, {"httpGet": {"host": value}}))
		}
	}
}

test_rejects_a_host_in_every_handler if {
	every handler in handlers {
		every action in ["httpGet", "tcpSocket"] {
			count(deny) == 1 with input as fixtures.container(nested(handler, {action: {"host": "10.0.0.1"}}))
		}
	}
}

test_rejects_other_hosts_and_wrong_types if {
	every value in ["localhost", " ", 0, false, [], {}] {
		count(deny) == 1 with input as fixtures.container({"livenessProbe": {"httpGet": {"host": value}}})
	}
}

test_rejects_malformed_steps if {
	every value in ["", 7, [], true] {
		count(deny) > 0 with input as fixtures.container({"livenessProbe": value})
		count(deny) > 0 with input as fixtures.container({"lifecycle": value})
		count(deny) > 0 with input as fixtures.container({"lifecycle": {"preStop": value}})
		count(deny) > 0 with input as fixtures.container({"readinessProbe": {"httpGet": value}})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"startupProbe": {"tcpSocket": {"host": "h"}}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"containers": [{"name": "a", "livenessProbe": {"httpGet": {"host": "h"}}}]})
	}
}
