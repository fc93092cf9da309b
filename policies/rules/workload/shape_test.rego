package ballotbox.tests.workload_shape

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_shape.deny

test_accepts_a_pod if count(deny) == 0 with input as fixtures.unchanged

test_rejects_no_containers if {
	every value in [null, []] {
		count(deny) == 1 with input as fixtures.pod({"containers": value})
	}
	count(deny) == 1 with input as fixtures.without(["containers"])
}

test_rejects_absent_and_wrong_types if {
	every field in ["name", "image"] {
		count(deny) == 1 with input as fixtures.container_without([field])
		every value in [null, "", 7, true, [], {}] {
			count(deny) == 1 with input as fixtures.container({field: value})
		}
	}
}

test_rejects_malformed_containers_and_templates if {
	every value in ["", 7, {}, ["x"]] {
		count(deny) > 0 with input as fixtures.pod({"containers": value})
	}
	count(deny) > 0 with input as fixtures.judged([{"kind": "Deployment"}])
	count(deny) > 0 with input as fixtures.judged([{"kind": "CronJob", "spec": {"jobTemplate": []}}])
}

test_accepts_every_readable_exemption if {
	every change in [{"hostUsers": null}, {"hostUsers": false}, {"os": null}, {"os": {}}, {"os": {"name": "windows"}}] {
		count(deny) == 0 with input as fixtures.pod(change)
	}
}

test_rejects_unreadable_exemptions if {
	every value in ["false", 0, [], {}] {
		count(deny) == 1 with input as fixtures.pod({"hostUsers": value})
	}
	every value in ["windows", 7, [], {"name": 7}, {"name": {}}] {
		count(deny) == 1 with input as fixtures.pod({"os": value})
	}
}

test_accepts_annotations_of_text if {
	every value in [null, {}, {"a": "b"}, {"a": null}] {
		count(deny) == 0 with input as fixtures.metadata({"annotations": value})
	}
}

test_rejects_other_annotations if {
	every value in ["a", 7, [], {"a": 1}, {"a": true}, {"a": {}}] {
		count(deny) == 1 with input as fixtures.metadata({"annotations": value})
	}
}

test_accepts_readable_fields if {
	every context in [null, {}, {"runAsNonRoot": false, "runAsUser": 0, "procMount": "Unmasked"}, {"capabilities": {"add": [null, "x"]}}] {
		count(deny) == 0 with input as fixtures.pod({"containers": [{"name": "a", "image": "i:1", "securityContext": context}]})
	}
}

test_rejects_unreadable_fields_though_the_pod_be_exempt if {
	every context in [
		{"runAsNonRoot": "true"}, {"runAsUser": "0"}, {"runAsUser": 1.5}, {"allowPrivilegeEscalation": 0}, {"procMount": 7},
		{"seccompProfile": {"type": 7}}, {"capabilities": {"drop": "ALL"}}, {"capabilities": {"add": [7]}},
	] {
		count(deny) == 1 with input as fixtures.pod({
			"os": {"name": "windows"},
			"hostUsers": false,
			"containers": [{"name": "a", "image": "i:1", "securityContext": context}],
		})
	}
	every context in [{"runAsNonRoot": {}}, {"runAsUser": []}, {"seccompProfile": {"type": true}}] {
		count(deny) == 1 with input as fixtures.pod({"hostUsers": false, "securityContext": context})
	}
}
