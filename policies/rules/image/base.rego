# METADATA
# scope: package
# title: A base that is pinned
# description: >-
#   FROM names a version or a digest, itself or by the default of a build argument. An argument without default is
#   for the builder to name, and the build fails if nobody does.
# related_resources:
#   - ref: https://docs.docker.com/reference/dockerfile/#from
# custom:
#   id: IMG-BASE
#   severity: high
#   judges: containerfiles
#   remedy: >-
#     Name a tag other than latest, or a digest.
#   nsa_cisa: "Kubernetes Pod security: Building secure container images"
#   cis: "5.5.1"
package ballotbox.rules.image_base

import data.ballotbox.lib.containerfiles
import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some file in inputs.containerfiles
	some index, command in file.commands
	command.Cmd == "from"
	image := command.Value[0]
	not fixed(file, image)
	finding := containerfiles.finding(file, index, sprintf("base %s must have a tag other than latest, or a digest", [image]))
}

fixed(_, "scratch")

fixed(file, image) if image in containerfiles.stage_names(file)

fixed(_, image) if pinned(image)

# FROM ${BASE}: judged by the argument's default. Without one there is nothing to judge, and nothing to fall back to.
fixed(file, image) if {
	name := regex.find_all_string_submatch_n(`^\$\{?([A-Za-z_][A-Za-z0-9_]*)\}?$`, image, 1)[0][1]
	defaults := containerfiles.arguments(file, name)
	count(defaults) > 0
	every value in defaults {
		acceptable(value)
	}
}

acceptable(null)

acceptable(value) if pinned(value)

pinned(image) if fields.matches(`@sha256:[0-9a-f]{64}$`, image)

pinned(image) if {
	fields.matches(`^[^$@\s]+:[A-Za-z0-9_][A-Za-z0-9_.-]*$`, image)
	not endswith(image, ":latest")
}
