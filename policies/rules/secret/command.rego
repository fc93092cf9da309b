# METADATA
# scope: package
# title: No secret on a command line
# description: >-
#   A literal in command or args is in the repository and in the process list of the node.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   id: SEC-COMMAND
#   severity: critical
#   judges: workloads
#   remedy: >-
#     Read it from a mounted Secret, or refer to a variable that comes from one: $(NAME).
#   nsa_cisa: "Network separation and hardening: Secrets"
#   cis: "5.4.1"
package ballotbox.rules.secret_command

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods
import data.ballotbox.lib.secrets

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	some field in ["command", "args"]
	some index, word in fields.elements(fields.at(container.object, [field]))
	given_away(word)
	finding := pods.container_finding(pod, container, [field, index], sprintf("%s must not hold a secret", [field]))
}

given_away(word) if secrets.revealing(word)

given_away(word) if {
	[name, value] := split_once(word)
	secrets.named(name)
	secrets.literal(value)
}

given_away(word) if not is_string(word)

split_once(word) := [name, value] if {
	is_string(word)
	at := indexof(word, "=")
	at > 0
	name := substring(word, 0, at)
	value := substring(word, at + 1, -1)
}
