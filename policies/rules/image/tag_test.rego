package ballotbox.tests.image_tag

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.image_tag.deny

digest := "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

test_accepts_versions_and_digests if {
	every image in ["redis:7.4", "registry.example:5000/a/b:v1", sprintf("redis@%s", [digest]), sprintf("redis:7@%s", [digest])] {
		count(deny) == 0 with input as fixtures.container({"image": image})
	}
}

test_rejects_latest_and_untagged if {
	every image in ["redis", "redis:latest", "registry.example:5000/redis", "redis:", "redis@sha256:abc", ""] {
		count(deny) == 1 with input as fixtures.container({"image": image})
	}
}

test_rejects_absent_null_and_wrong_types if {
	count(deny) == 1 with input as fixtures.container_without(["image"])
	every value in [null, 7, true, [], {}] {
		count(deny) == 1 with input as fixtures.container({"image": value})
	}
}

test_rejects_it_in_every_list_of_containers if {
	every list in pods.container_lists {
		count(deny) == 1 with input as fixtures.in_list(list, {"image": "redis"})
	}
}
