package ballotbox.tests.network_egress_world

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.network_egress_world.deny

to(peer) := fixtures.judged([{"kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {"egress": [{"to": [peer]}]}}])

test_accepts_bounded_blocks if {
	every peer in [
		{"podSelector": {}},
		{"ipBlock": null},
		{"ipBlock": {"cidr": "192.0.2.0/24"}},
		{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}},
	] {
		count(deny) == 0 with input as to(peer)
	}
}

test_accepts_the_world_as_a_source if {
	count(deny) == 0 with input as fixtures.judged([{"kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": {"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]}}])
}

test_rejects_the_world_and_wrong_types if {
	every block in [
		{"cidr": "0.0.0.0/0"}, {"cidr": "::/0"}, {"cidr": "10.0.0.0/0"}, {"cidr": "0.0.0.0/0", "except": []}, {"cidr": "0.0.0.0/0", "except": null},
		{"cidr": "0.0.0.0/0", "except": "10.0.0.0/8"}, {}, {"cidr": null}, {"cidr": 7}, {"cidr": "x"}, "", 7, [],
	] {
		count(deny) == 1 with input as to({"ipBlock": block})
	}
}

test_rejects_malformed_rules if {
	every value in ["", 7, {}, ["x"]] {
		count(deny) > 0 with input as fixtures.judged([{"kind": "NetworkPolicy", "spec": {"egress": value}}])
	}
}
