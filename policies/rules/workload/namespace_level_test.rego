package ballotbox.tests.workload_namespace_level

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.workload_namespace_level.deny

labels := {label: value |
	some mode in ["enforce", "audit", "warn"]
	some label, value in {
		sprintf("pod-security.kubernetes.io/%s", [mode]): "restricted",
		sprintf("pod-security.kubernetes.io/%s-version", [mode]): "v1.37",
	}
}

namespace(change) := [{"kind": "Namespace", "metadata": {"name": "shop", "labels": object.union(labels, change)}}]

test_accepts_the_level if {
	count(deny) == 0 with input as fixtures.judged(namespace({}))
	count(deny) == 0 with input as fixtures.judged_as(namespace({}), {"level": "baseline"})
}

test_rejects_absent if count(deny) == 6 with input as fixtures.judged([{"kind": "Namespace", "metadata": {"name": "shop"}}])

test_rejects_lower_levels_and_wrong_types if {
	every value in ["baseline", "privileged", "Restricted", "", null, 7, true] {
		count(deny) == 1 with input as fixtures.judged(namespace({"pod-security.kubernetes.io/enforce": value}))
	}
}

test_rejects_no_version if {
	every value in ["latest", "1.37", "", null, 7] {
		count(deny) == 1 with input as fixtures.judged(namespace({"pod-security.kubernetes.io/warn-version": value}))
	}
}
