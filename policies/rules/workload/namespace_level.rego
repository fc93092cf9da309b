# METADATA
# scope: package
# title: Namespaces enforce their level
# description: >-
#   A namespace enforces, audits and warns at the level it is judged by, at a version that is said: `latest` would
#   change what is allowed with the next upgrade.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/enforce-standards-namespace-labels/
# custom:
#   id: WL-NAMESPACE-LEVEL
#   severity: high
#   judges: objects
#   remedy: >-
#     Label the Namespace with pod-security.kubernetes.io/{enforce,audit,warn} and their -version.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.1"
package ballotbox.rules.workload_namespace_level

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"Namespace"})
	some mode in ["enforce", "audit", "warn"]
	label := sprintf("pod-security.kubernetes.io/%s", [mode])
	not fields.at(entry.object, ["metadata", "labels", label]) in stricter_than(entry.level)
	finding := inputs.finding(entry, ["metadata", "labels", label], sprintf("label %s must be %s", [label, entry.level]))
}

deny contains finding if {
	some entry in inputs.of_kind({"Namespace"})
	some mode in ["enforce", "audit", "warn"]
	label := sprintf("pod-security.kubernetes.io/%s-version", [mode])
	not version(fields.at(entry.object, ["metadata", "labels", label]))
	finding := inputs.finding(entry, ["metadata", "labels", label], sprintf("label %s must name a version", [label]))
}

stricter_than("restricted") := {"restricted"}

stricter_than("baseline") := {"baseline", "restricted"}

stricter_than("privileged") := {"privileged", "baseline", "restricted"}

version(value) if fields.matches(`^v1\.[0-9]+$`, value)
