package ballotbox.tests.image_secret

import data.ballotbox.lib.containerfile_fixtures
import data.ballotbox.rules.image_secret.deny

test_accepts_plain_values_and_names_alone if {
	every line in [["env", "PATH", "/bin", "="], ["arg", "BASE=debian:12"], ["arg", "API_TOKEN"], ["env", "DB_PASSWORD_FILE", "/run/s", "="], ["env", "TOKEN", "${TOKEN}", "="]] {
		count(deny) == 0 with input as containerfile_fixtures.lines([["from", "a:1"], line])
	}
}

test_rejects_literals if {
	every line in [["env", "PATH", "/bin", "=", "API_TOKEN", "abc", "="], ["arg", "PASSWORD=x"], ["env", "URL", "redis://a:b@c", "="]] {
		count(deny) == 1 with input as containerfile_fixtures.lines([["from", "a:1"], line])
	}
}
