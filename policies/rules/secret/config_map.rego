# METADATA
# scope: package
# title: No secret in a ConfigMap
# description: >-
#   ConfigMaps are for what everybody may read: no password under its name, none in a configuration file, no private
#   key.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   id: SEC-CONFIGMAP
#   severity: critical
#   judges: objects
#   remedy: >-
#     Move it into a Secret, and mount that beside the configuration.
#   nsa_cisa: "Network separation and hardening: Secrets"
#   cis: "5.4.2"
package ballotbox.rules.secret_config_map

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs
import data.ballotbox.lib.secrets

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"ConfigMap"})
	some field in ["data", "binaryData"]
	some key, value in fields.entries(fields.at(entry.object, [field]))
	secrets.literal(value)
	given_away(key, fields.text(value))
	finding := inputs.finding(entry, [field, key], sprintf("ConfigMap %s must not hold a secret in %s", [inputs.name_of(entry.object), key]))
}

given_away(key, _) if secrets.named(key)

given_away(_, value) if secrets.revealing(value)

given_away(_, value) if secrets.setting(value)

given_away("", value) if value == fields.text(fields.malformed)
