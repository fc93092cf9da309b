# METADATA
# scope: package
# title: An image that runs as nobody special
# description: >-
#   The last stage of a Containerfile ends with a numeric USER other than 0: the kubelet can prove runAsNonRoot only
#   for a number.
# related_resources:
#   - ref: https://docs.docker.com/reference/dockerfile/#user
# custom:
#   id: IMG-USER
#   severity: high
#   judges: containerfiles
#   remedy: >-
#     End the last stage with USER UID:GID.
#   nsa_cisa: "Kubernetes Pod security: Building secure container images"
#   cis: "5.2.7"
package ballotbox.rules.image_user

import data.ballotbox.lib.containerfiles
import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some file in inputs.containerfiles
	not runs_as_nobody(file)
	finding := containerfiles.finding(file, last_user(file), "the last stage must end with a numeric USER other than 0")
}

users(file) := [index |
	some index, command in file.commands
	command.Cmd == "user"
	command.Stage == containerfiles.last_stage(file)
]

last_user(file) := max(users(file)) if count(users(file)) > 0

last_user(file) := count(file.commands) - 1 if count(users(file)) == 0

runs_as_nobody(file) if {
	some index in users(file)
	index == last_user(file)
	fields.matches(`^[1-9][0-9]*(:[0-9]+)?$`, concat(" ", file.commands[index].Value))
}
