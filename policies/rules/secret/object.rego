# METADATA
# scope: package
# title: No secret in a manifest
# description: >-
#   A Secret with its data in a manifest is in the repository for ever, base64 or not. Secrets are made per cluster.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/secrets-good-practices/
# custom:
#   id: SEC-OBJECT
#   severity: critical
#   judges: objects
#   remedy: >-
#     Remove data and stringData; let the deployment create the Secret (harness/deploy), or use an external store.
#   nsa_cisa: "Network separation and hardening: Secrets"
#   cis: "5.4.2"
package ballotbox.rules.secret_object

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"Secret"})
	some field in ["data", "stringData"]
	some key, value in fields.entries(fields.at(entry.object, [field]))
	not value in {null, ""}
	finding := inputs.finding(entry, [field, key], sprintf("Secret %s must not hold %s in the manifest", [inputs.name_of(entry.object), key]))
}
