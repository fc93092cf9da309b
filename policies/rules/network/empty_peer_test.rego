package ballotbox.tests.network_empty_peer

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.network_empty_peer.deny

policy(direction, rules) := fixtures.judged([{"kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {direction: rules}}])

sides := {"ingress": "from", "egress": "to"}

test_accepts_no_rules if {
	every rules in [null, []] {
		count(deny) == 0 with input as policy("ingress", rules)
	}
}

test_accepts_named_peers if {
	every direction, side in sides {
		every peer in [
			{"podSelector": {"matchLabels": {"app": "a"}}},
			{"podSelector": {}},
			{"namespaceSelector": {"matchLabels": {"n": "a"}}},
			{"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "a"}}},
			{"ipBlock": {"cidr": "10.0.0.0/8"}},
		] {
			count(deny) == 0 with input as policy(direction, [{side: [peer]}])
		}
	}
}

test_rejects_rules_without_peers if {
	every direction, side in sides {
		every rule in [{}, null, {"ports": [{"port": 1}]}, {side: null}, {side: []}] {
			count(deny) == 1 with input as policy(direction, [rule])
		}
	}
}

test_rejects_peers_that_are_everybody_and_wrong_types if {
	every peer in [{}, null, {"podSelector": null}, {"namespaceSelector": {}}, {"namespaceSelector": {}, "podSelector": {}}, "", 7, []] {
		count(deny) == 1 with input as policy("egress", [{"to": [peer]}])
	}
}

test_rejects_malformed_rules if {
	every value in ["", 7, {}, true, ["x"], [{"from": "x"}]] {
		count(deny) > 0 with input as policy("ingress", value)
	}
}
