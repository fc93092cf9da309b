# METADATA
# scope: package
# title: Nothing added from a URL
# description: >-
#   ADD of a URL or a repository puts into the image whatever is there on the day of the build, unless its checksum
#   is named.
# related_resources:
#   - ref: https://docs.docker.com/reference/dockerfile/#add
# custom:
#   id: IMG-ADD
#   severity: high
#   judges: containerfiles
#   remedy: >-
#     COPY it from the build context, or name ADD --checksum.
#   nsa_cisa: "Kubernetes Pod security: Building secure container images"
package ballotbox.rules.image_add

import data.ballotbox.lib.containerfiles
import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some file in inputs.containerfiles
	some index, command in file.commands
	command.Cmd == "add"
	some source in array.slice(command.Value, 0, count(command.Value) - 1)
	fields.matches(`(?i)^(https?|ftp|git|ssh)://|^git@|\.git(#.*)?$`, source)
	not checked(command)
	finding := containerfiles.finding(file, index, sprintf("ADD must not fetch %s", [source]))
}

checked(command) if {
	some flag in command.Flags
	fields.matches(`^--checksum=sha256:[0-9a-f]{64}$`, flag)
}
