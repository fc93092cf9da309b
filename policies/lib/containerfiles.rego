# Containerfiles as conftest's parser (BuildKit's) gives them: commands with Cmd, Stage, Flags and Value.
package ballotbox.lib.containerfiles

last_stage(file) := max([command.Stage | some command in file.commands])

stage_names(file) := {command.Value[2] |
	some command in file.commands
	command.Cmd == "from"
	count(command.Value) == 3
}

# The defaults that ARG gives a name before the first FROM; null for an ARG without default.
arguments(file, name) := [value |
	some command in file.commands
	command.Cmd == "arg"
	some word in command.Value
	value := default_of(word, name)
]

default_of(word, name) := null if word == name

default_of(word, name) := trim(substring(word, count(name) + 1, -1), `"'`) if startswith(word, concat("", [name, "="]))

# The field of a finding in a Containerfile is the number of its command.
finding(file, index, message) := {
	"subject": file.id,
	"container": null,
	"field": [index],
	"msg": message,
	"level": "restricted",
}
