package ballotbox.tests.image_content

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.image_content.deny

production(image) := fixtures.judged_as(
	[object.union(fixtures.restricted_pod, {"spec": {"containers": [object.union(fixtures.restricted_container, {"image": image})]}})],
	{"production": true},
)

digest := "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

test_accepts_digests_and_hashes if {
	every image in [sprintf("redis@%s", [digest]), "vote:0123456789ab", "vote:sha-0123456789abcdef"] {
		count(deny) == 0 with input as production(image)
	}
}

test_accepts_versions_elsewhere if count(deny) == 0 with input as fixtures.container({"image": "redis:7"})

test_rejects_versions_and_wrong_types if {
	every image in ["redis", "redis:7.4.1", "redis:latest", "vote:v1", null, 7, {}] {
		count(deny) == 1 with input as production(image)
	}
}
