package ballotbox.tests.image_add

import data.ballotbox.lib.containerfile_fixtures
import data.ballotbox.rules.image_add.deny

test_accepts_files if count(deny) == 0 with input as containerfile_fixtures.lines([["from", "a:1"], ["add", "a.tar", "/"]])

test_accepts_a_checksum if {
	count(deny) == 0 with input as containerfile_fixtures.commands([{
		"Cmd": "add",
		"Stage": 0,
		"Flags": ["--checksum=sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"],
		"Value": ["https://x.example/a", "/"],
	}])
}

test_rejects_urls if {
	every url in ["https://x.example/a", "HTTP://x.example/a", "git@x.example:a/b", "https://x.example/a.git#main"] {
		count(deny) == 1 with input as containerfile_fixtures.lines([["from", "a:1"], ["add", url, "/"]])
	}
}
