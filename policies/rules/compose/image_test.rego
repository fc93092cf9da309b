package ballotbox.tests.compose_image

import data.ballotbox.lib.compose_fixtures
import data.ballotbox.rules.compose_image.deny

test_accepts_versions_and_builds if {
	every change in [{"image": "redis:7.4"}, {"image": "vote", "build": "."}, {"image": null, "build": {"context": "."}}] {
		count(deny) == 0 with input as compose_fixtures.service(change)
	}
}

test_rejects_others_absent_and_wrong_types if {
	every value in ["redis", "redis:latest", "redis:${TAG:-latest}", "", null, 7, {}] {
		count(deny) == 1 with input as compose_fixtures.service({"image": value})
	}
	count(deny) == 1 with input as compose_fixtures.without("image")
}
