package ballotbox.tests.image_base

import data.ballotbox.lib.containerfile_fixtures
import data.ballotbox.rules.image_base.deny

digest := "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

test_accepts_pinned_ones if {
	every image in ["debian:12", sprintf("debian@%s", [digest]), "scratch", "localhost/a/b:x"] {
		count(deny) == 0 with input as containerfile_fixtures.lines([["from", image]])
	}
}

test_accepts_stages if {
	count(deny) == 0 with input as containerfile_fixtures.lines([["from", "a:1", "AS", "build"], ["from", "build"]])
}

test_accepts_arguments_with_a_pinned_default_or_none if {
	every argument in ["BASE=debian:12", "BASE"] {
		count(deny) == 0 with input as containerfile_fixtures.lines([["arg", argument], ["from", "${BASE}"]])
	}
}

test_rejects_latest_and_untagged if {
	every image in ["debian", "debian:latest", "registry.example:5000/debian", "debian@sha256:abc"] {
		count(deny) == 1 with input as containerfile_fixtures.lines([["from", image]])
	}
}

test_rejects_arguments_with_a_loose_default_and_unknown_ones if {
	every argument in ["BASE=debian", "BASE=debian:latest", "BASE=", "OTHER=debian:12"] {
		count(deny) == 1 with input as containerfile_fixtures.lines([["arg", argument], ["from", "${BASE}"]])
	}
}
