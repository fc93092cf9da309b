# METADATA
# scope: package
# title: AppArmor not switched off
# description: >-
#   The runtime's AppArmor profile may be replaced by a local one, but not by none, neither by the fields nor by the
#   old annotations.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-APPARMOR
#   severity: high
#   judges: workloads
#   pss: baseline
#   official: appArmorProfile
#   remedy: >-
#     Remove appArmorProfile, or set its type to RuntimeDefault or Localhost.
#   nsa_cisa: "Kubernetes Pod security: Hardening container environments"
package ballotbox.rules.pss_app_armor

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

profile_path := ["securityContext", "appArmorProfile"]

deny contains finding if {
	some pod in pods.all
	forbidden(pod.spec)
	finding := pods.finding(pod, array.concat(profile_path, ["type"]), message(pod.spec))
}

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	forbidden(container.object)
	finding := pods.container_finding(pod, container, array.concat(profile_path, ["type"]), message(container.object))
}

deny contains finding if {
	some pod in pods.all
	some key, profile in fields.entries(fields.at(pod.metadata, ["annotations"]))
	of_app_armor(key, profile)
	not allowed_annotation(profile)
	finding := pods.metadata_finding(pod, ["annotations", key], sprintf(
		"annotation %s must not be %s",
		[key, fields.text(profile)],
	))
}

forbidden(object) if {
	fields.at(object, profile_path) != null
	not fields.at(object, array.concat(profile_path, ["type"])) in {"RuntimeDefault", "Localhost"}
}

of_app_armor(key, _) if startswith(key, "container.apparmor.security.beta.kubernetes.io/")

of_app_armor("", profile) if profile == fields.malformed

allowed_annotation(profile) if profile in {null, "", "runtime/default"}

allowed_annotation(profile) if fields.matches(`^localhost/`, profile)

message(object) := sprintf("appArmorProfile.type must be RuntimeDefault or Localhost; it is %s", [
	fields.text(fields.at(object, array.concat(profile_path, ["type"]))),
])
