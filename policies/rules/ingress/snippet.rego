# METADATA
# scope: package
# title: No configuration snippets
# description: >-
#   Snippet annotations put text into the controller's configuration: whoever may write an Ingress then reads every
#   Secret the controller can (CVE-2021-25742).
# related_resources:
#   - ref: https://kubernetes.github.io/ingress-nginx/user-guide/nginx-configuration/annotations-risk/
# custom:
#   id: ING-SNIPPET
#   severity: critical
#   judges: objects
#   remedy: >-
#     Remove the annotation; use one that names the setting.
package ballotbox.rules.ingress_snippet

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"Ingress"})
	some key, value in fields.entries(fields.at(entry.object, ["metadata", "annotations"]))
	risky(key, value)
	finding := inputs.finding(entry, ["metadata", "annotations", key], sprintf("annotation %s must not be set", [key]))
}

risky(key, _) if fields.matches(`(?i)-snippets?$`, key)

risky("", value) if value == fields.malformed
