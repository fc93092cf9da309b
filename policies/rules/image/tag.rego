# METADATA
# scope: package
# title: No image that may change under its name
# description: >-
#   `latest`, or no tag at all, is another image tomorrow. An image names a version or a digest.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/containers/images/
# custom:
#   id: IMG-TAG
#   severity: medium
#   judges: workloads
#   remedy: >-
#     Name a version (kustomize: images.newTag) or a digest.
#   nsa_cisa: "Kubernetes Pod security: Building secure container images"
#   cis: "5.5.1"
package ballotbox.rules.image_tag

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	some container in pod.containers
	image := fields.at(container.object, ["image"])
	not fixed(image)
	finding := pods.container_finding(pod, container, ["image"], sprintf("image %s must have a tag other than latest, or a digest", [fields.text(image)]))
}

fixed(image) if fields.matches(`^[^@\s]+@sha256:[0-9a-f]{64}$`, image)

fixed(image) if {
	fields.matches(`^[^@\s]+:[A-Za-z0-9_][A-Za-z0-9_.-]*$`, image)
	not endswith(image, ":latest")
}
