package ballotbox.tests.compose_isolation

import data.ballotbox.lib.compose_fixtures
import data.ballotbox.rules.compose_isolation.deny

test_accepts_a_plain_service if count(deny) == 0 with input as compose_fixtures.service({})

test_accepts_null_and_project_volumes if {
	every change in [{"privileged": false}, {"network_mode": null}, {"cap_add": []}, {"cap_add": ["NET_BIND_SERVICE"]}, {"volumes": ["data:/data", "./conf:/etc/conf:ro", {"type": "volume", "source": "data"}]}] {
		count(deny) == 0 with input as compose_fixtures.service(change)
	}
}

test_rejects_the_hosts_things_and_wrong_types if {
	every change in [
		{"privileged": true}, {"privileged": "false"}, {"network_mode": "host"}, {"pid": "host"}, {"ipc": 7}, {"cap_add": ["SYS_ADMIN"]}, {"cap_add": "x"},
		{"devices": ["/dev/kvm"]}, {"volumes": ["/:/host"]}, {"volumes": ["/var/run/docker.sock:/s"]}, {"volumes": [{"type": "bind", "source": "/etc"}]},
	] {
		count(deny) == 1 with input as compose_fixtures.service(change)
	}
}
