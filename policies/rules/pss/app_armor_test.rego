package ballotbox.tests.pss_app_armor

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_app_armor.deny

key := "container.apparmor.security.beta.kubernetes.io/app"

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_null_and_allowed_types if {
	every profile in [null, {"type": "RuntimeDefault"}, {"type": "Localhost", "localhostProfile": "p"}] {
		count(deny) == 0 with input as fixtures.security({"appArmorProfile": profile})
		count(deny) == 0 with input as fixtures.pod_security({"appArmorProfile": profile})
	}
}

test_rejects_others_and_wrong_types if {
	every profile in [{}, {"type": null}, {"type": "Unconfined"}, {"type": "runtimedefault"}, {"type": ""}, {"type": 7}, "RuntimeDefault", [], true] {
		count(deny) == 1 with input as fixtures.security({"appArmorProfile": profile})
		count(deny) == 1 with input as fixtures.pod_security({"appArmorProfile": profile})
	}
}

test_accepts_annotations if {
	every value in ["runtime/default", "localhost/p", "localhost/", "", null] {
		count(deny) == 0 with input as fixtures.metadata({"annotations": {key: value}})
	}
}

test_accepts_other_annotations if {
	count(deny) == 0 with input as fixtures.metadata({"annotations": {"apparmor": "unconfined"}})
	count(deny) == 0 with input as fixtures.metadata({"annotations": null})
}

test_rejects_annotations if {
	every value in ["unconfined", "docker/default", "Localhost/p", 7, true, {}, []] {
		count(deny) == 1 with input as fixtures.metadata({"annotations": {key: value}})
	}
}

test_rejects_malformed_annotations if {
	every value in ["", 7, []] {
		count(deny) == 1 with input as fixtures.metadata({"annotations": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"securityContext": {"appArmorProfile": {"type": "Unconfined"}}})
	}
}
