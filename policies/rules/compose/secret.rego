# METADATA
# scope: package
# title: "Compose: no secret in the file"
# description: >-
#   Secrets come from the environment of whoever starts the project, or from files outside the repository; a default
#   is a literal too.
# related_resources:
#   - ref: https://docs.docker.com/compose/how-tos/use-secrets/
# custom:
#   id: SEC-COMPOSE
#   severity: critical
#   judges: composes
#   remedy: >-
#     Use ${NAME:?} or secrets.
#   nsa_cisa: "Network separation and hardening: Secrets"
#   cis: "5.4.1"
package ballotbox.rules.compose_secret

import data.ballotbox.lib.composes
import data.ballotbox.lib.fields
import data.ballotbox.lib.secrets

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some service in composes.services
	some [key, name, value] in variables(fields.at(service.object, ["environment"]))
	secrets.literal(value)
	given_away(name, fields.text(value))
	finding := composes.finding(service, ["environment", key], sprintf("environment variable %s must not hold a secret", [name]))
}

variables(environment) := [[index, name, value] |
	some index, word in environment
	[name, value] := pair(word)
] if is_array(environment)

variables(environment) := [[name, name, value] | some name, value in fields.entries(environment)] if not is_array(environment)

pair(word) := [substring(word, 0, at), substring(word, at + 1, -1)] if {
	is_string(word)
	at := indexof(word, "=")
	at > 0
}

given_away(name, _) if secrets.named(name)

given_away(_, value) if secrets.revealing(value)

given_away("", value) if value == fields.text(fields.malformed)
