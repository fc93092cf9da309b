# Containerfiles in the form that conftest's parser gives.
package ballotbox.lib.containerfile_fixtures

import data.ballotbox.lib.fixtures

lines(words) := commands([command |
	some index, line in words
	stage := count([other | some before, other in words; before <= index; other[0] == "from"]) - 1
	command := {
		"Cmd": line[0],
		"Flags": [],
		"JSON": false,
		"Stage": max([0, stage]),
		"SubCmd": "",
		"Value": array.slice(line, 1, count(line)),
	}
])

commands(list) := array.concat(
	fixtures.judged_as([], {"containerfiles": [{"id": 0, "staged": "0.dockerfile"}]}),
	[{"path": "0.dockerfile", "contents": list}],
)
