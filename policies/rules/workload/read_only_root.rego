# METADATA
# scope: package
# title: A read-only root file system
# description: >-
#   An attacker who cannot write the image's files cannot leave tools there or change the program. Writable places
#   are volumes.
# related_resources:
#   - ref: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
# custom:
#   id: WL-READ-ONLY-ROOT
#   severity: medium
#   judges: workloads
#   remedy: >-
#     Set securityContext.readOnlyRootFilesystem to true and mount an emptyDir where the program writes.
#   nsa_cisa: "Kubernetes Pod security: Immutable container file systems"
#   cis: "5.7.3"
package ballotbox.rules.workload_read_only_root

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	not pods.windows(pod)
	some container in pod.containers
	fields.at(container.object, ["securityContext", "readOnlyRootFilesystem"]) != true
	finding := pods.container_finding(
		pod, container, ["securityContext", "readOnlyRootFilesystem"],
		"securityContext.readOnlyRootFilesystem must be true",
	)
}
