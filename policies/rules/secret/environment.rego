# METADATA
# scope: package
# title: No secret in an environment value
# description: >-
#   A literal in env is in the repository, in every `kubectl describe` and in the logs of whatever prints its
#   environment.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   id: SEC-ENV
#   severity: critical
#   judges: workloads
#   remedy: >-
#     Use valueFrom.secretKeyRef, or a mounted Secret.
#   nsa_cisa: "Network separation and hardening: Secrets"
#   cis: "5.4.1"
package ballotbox.rules.secret_environment

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods
import data.ballotbox.lib.secrets

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	some index, variable in fields.elements(fields.at(container.object, ["env"]))
	value := fields.at(variable, ["value"])
	secrets.literal(value)
	given_away(fields.text(fields.at(variable, ["name"])), fields.text(value))
	finding := pods.container_finding(
		pod, container, ["env", index, "value"],
		sprintf("environment variable %s must not hold a secret", [fields.text(fields.at(variable, ["name"]))]),
	)
}

given_away(name, _) if secrets.named(name)

given_away(_, value) if secrets.revealing(value)
