# METADATA
# scope: package
# title: No secret baked in
# description: >-
#   ENV and ARG stay in the history of the image for whoever pulls it.
# related_resources:
#   - ref: https://docs.docker.com/build/building/secrets/
# custom:
#   id: IMG-SECRET
#   severity: critical
#   judges: containerfiles
#   remedy: >-
#     Use RUN --mount=type=secret, or give it to the container when it starts.
#   nsa_cisa: "Kubernetes Pod security: Building secure container images"
package ballotbox.rules.image_secret

import data.ballotbox.lib.containerfiles
import data.ballotbox.lib.inputs
import data.ballotbox.lib.secrets

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some file in inputs.containerfiles
	some index, command in file.commands
	some [name, value] in assignments(command)
	secrets.literal(value)
	given_away(name, value)
	finding := containerfiles.finding(file, index, sprintf("%s must not hold a secret", [name]))
}

# The parser gives ENV as name, value and "=" or "" in turn, ARG as name=value words.
assignments(command) := [[name, value] |
	command.Cmd == "env"
	some index, name in command.Value
	index % 3 == 0
	value := trim(command.Value[index + 1], `"'`)
] if command.Cmd == "env"

assignments(command) := [[name, value] |
	command.Cmd == "arg"
	some word in command.Value
	[name, quoted] := regex.split(`=`, word)
	value := trim(quoted, `"'`)
] if command.Cmd == "arg"

given_away(name, _) if secrets.named(name)

given_away(_, value) if secrets.revealing(value)
