# METADATA
# scope: package
# title: SELinux left to the runtime
# description: >-
#   A pod may choose among the SELinux types made for containers, and no user or role.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-SELINUX
#   severity: high
#   judges: workloads
#   pss: baseline
#   official: seLinuxOptions
#   remedy: >-
#     Remove seLinuxOptions.user and .role, and leave type unset or one of container_t, container_init_t,
#     container_kvm_t, container_engine_t.
#   nsa_cisa: "Kubernetes Pod security: Hardening container environments"
package ballotbox.rules.pss_se_linux

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

allowed := {
	"type": {null, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"},
	"user": {null, ""},
	"role": {null, ""},
}

deny contains finding if {
	some pod in pods.all
	some option, values in allowed
	field := ["securityContext", "seLinuxOptions", option]
	not fields.at(pod.spec, field) in values
	finding := pods.finding(pod, field, message(option, fields.at(pod.spec, field)))
}

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	some option, values in allowed
	field := ["securityContext", "seLinuxOptions", option]
	not fields.at(container.object, field) in values
	finding := pods.container_finding(pod, container, field, message(option, fields.at(container.object, field)))
}

message(option, value) := sprintf("seLinuxOptions.%s must not be %s", [option, fields.text(value)])
