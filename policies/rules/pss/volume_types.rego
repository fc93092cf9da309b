# METADATA
# scope: package
# title: Only volume types without access to the node
# description: >-
#   A restricted pod's volumes are ConfigMaps, Secrets, projections, emptyDirs, claims and their like. A volume
#   without a source is an emptyDir to the API server.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: PSS-VOLUME-TYPES
#   severity: high
#   judges: workloads
#   pss: restricted
#   official: restrictedVolumes
#   overrides: [PSS-HOST-PATH]
#   remedy: >-
#     Use one of configMap, csi, downwardAPI, emptyDir, ephemeral, image, persistentVolumeClaim, projected, secret.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
#   cis: "5.2.12"
package ballotbox.rules.pss_volume_types

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

allowed := {
	"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
	"image", "persistentVolumeClaim", "projected", "secret",
}

deny contains finding if {
	some pod in pods.all
	some index, volume in fields.elements(fields.at(pod.spec, ["volumes"]))
	not acceptable(volume)
	finding := pods.finding(pod, ["volumes", index], sprintf("volume %s is of a restricted type: %s", [
		fields.text(fields.at(volume, ["name"])),
		concat(", ", [source | some source, _ in sources(volume)]),
	]))
}

sources(volume) := {key: value |
	some key, value in fields.entries(volume)
	key != "name"
	value != null
}

acceptable(volume) if count(sources(volume)) == 0

# As in the official evaluator, one allowed source is enough; validation refuses a volume with two.
acceptable(volume) if {
	some type in allowed
	is_object(sources(volume)[type])
	every source in sources(volume) {
		is_object(source)
	}
}
