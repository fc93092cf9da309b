package ballotbox.tests.pss_volume_types

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_volume_types.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_allowed_types if {
	every type in [
		"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
		"image", "persistentVolumeClaim", "projected", "secret",
	] {
		count(deny) == 0 with input as fixtures.pod({"volumes": [{"name": "v", type: {}}]})
	}
}

test_accepts_a_volume_without_source if {
	every volume in [null, {"name": "v"}, {"name": "v", "nfs": null}] {
		count(deny) == 0 with input as fixtures.pod({"volumes": [volume]})
	}
}

test_accepts_null_volumes if count(deny) == 0 with input as fixtures.pod({"volumes": null})

test_rejects_other_types if {
	every type in ["hostPath", "nfs", "iscsi", "gitRepo", "flexVolume", "rbd", "fc", "azureFile", "portworxVolume", "notYetInvented"] {
		count(deny) == 1 with input as fixtures.pod({"volumes": [{"name": "v", type: {}}]})
	}
}

test_rejects_wrong_types if {
	every value in ["", 7, true, []] {
		count(deny) == 1 with input as fixtures.pod({"volumes": [{"name": "v", "emptyDir": value}]})
		count(deny) == 1 with input as fixtures.pod({"volumes": [value]})
	}
}

test_rejects_malformed_volumes if {
	every value in ["", 7, {}, true] {
		count(deny) == 1 with input as fixtures.pod({"volumes": value})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"volumes": [{"name": "v", "nfs": {}}]})
	}
}
