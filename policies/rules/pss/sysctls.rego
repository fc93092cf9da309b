# METADATA
# scope: package
# title: Only safe sysctls
# description: >-
#   Sysctls outside the safe, namespaced set change the node or every pod on it.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline
# custom:
#   id: PSS-SYSCTLS
#   severity: high
#   judges: workloads
#   pss: baseline
#   official: sysctls
#   remedy: >-
#     Remove the sysctl from securityContext.sysctls.
#   nsa_cisa: "Kubernetes Pod security: Pod security enforcement"
package ballotbox.rules.pss_sysctls

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

allowed := {
	"kernel.shm_rmid_forced",
	"net.ipv4.ip_local_port_range",
	"net.ipv4.ip_local_reserved_ports",
	"net.ipv4.ip_unprivileged_port_start",
	"net.ipv4.ping_group_range",
	"net.ipv4.tcp_fin_timeout",
	"net.ipv4.tcp_keepalive_intvl",
	"net.ipv4.tcp_keepalive_probes",
	"net.ipv4.tcp_keepalive_time",
	"net.ipv4.tcp_notsent_lowat",
	"net.ipv4.tcp_rmem",
	"net.ipv4.tcp_slow_start_after_idle",
	"net.ipv4.tcp_syncookies",
	"net.ipv4.tcp_wmem",
}

deny contains finding if {
	some pod in pods.all
	some index, sysctl in fields.elements(fields.at(pod.spec, ["securityContext", "sysctls"]))
	name := fields.at(sysctl, ["name"])
	not name in allowed
	finding := pods.finding(
		pod, ["securityContext", "sysctls", index, "name"],
		sprintf("sysctl %s must not be set", [fields.text(name)]),
	)
}
