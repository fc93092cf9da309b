package ballotbox.lib.pods_test

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods

test_every_kind_has_its_pod if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(pods.all) == 1 with input as fixtures.in_kind(kind, {})
		pods.all[0].spec == fixtures.restricted_spec with input as fixtures.in_kind(kind, {})
	}
}

test_other_kinds_have_none if count(pods.all) == 0 with input as fixtures.judged([{"kind": "Service", "spec": {}}])

test_every_list_of_containers_is_seen if {
	every list in pods.container_lists {
		some container in pods.all[0].containers with input as fixtures.in_list(list, {})
		container.list == list
	}
}

test_a_malformed_list_is_one_malformed_container if {
	count(pods.all[0].containers) == 1 with input as fixtures.pod({"containers": "x"})
}

test_a_malformed_template_is_still_judged if {
	count(pods.all) == 1 with input as fixtures.judged([{"kind": "Deployment", "spec": {"template": "x"}}])
}
