# METADATA
# scope: package
# title: Not UID 0
# description: >-
#   runAsUser must not be 0, in the pod or in a container. A pod with hostUsers false is exempt.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
# custom:
#   id: PSS-RUN-AS-USER
#   severity: high
#   judges: workloads
#   pss: restricted
#   official: runAsUser
#   remedy: >-
#     Set runAsUser to the UID of the application, or remove it where the image names one.
#   nsa_cisa: "Kubernetes Pod security: Non-root containers"
#   cis: "5.2.7"
package ballotbox.rules.pss_run_as_user

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

field := ["securityContext", "runAsUser"]

deny contains finding if {
	some pod in pods.all
	not pods.own_users(pod)
	not allowed(fields.at(pod.spec, field))
	finding := pods.finding(pod, field, "securityContext.runAsUser must not be 0")
}

deny contains finding if {
	some pod in pods.all
	not pods.own_users(pod)
	some container in pod.containers
	not allowed(fields.at(container.object, field))
	finding := pods.container_finding(pod, container, field, "securityContext.runAsUser must not be 0")
}

allowed(null)

allowed(user) if {
	fields.integer(user)
	user != 0
}
