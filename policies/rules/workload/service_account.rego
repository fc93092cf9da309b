# METADATA
# scope: package
# title: A service account of its own
# description: >-
#   Rights given to the default ServiceAccount are given to every pod of the namespace.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/service-accounts/
# custom:
#   id: WL-SERVICE-ACCOUNT
#   severity: medium
#   judges: workloads
#   remedy: >-
#     Create a ServiceAccount for the component and name it in serviceAccountName.
#   nsa_cisa: "Authentication and authorization"
#   cis: "5.1.5"
package ballotbox.rules.workload_service_account

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	not own(fields.at(pod.spec, ["serviceAccountName"]))
	finding := pods.finding(pod, ["serviceAccountName"], "serviceAccountName must name an account other than default")
}

own(name) if {
	is_string(name)
	not name in {"", "default"}
}
