# METADATA
# scope: package
# title: Production runs what was tested, byte by byte
# description: >-
#   In an overlay for production an image is named by its content: a digest, or a tag that is a hash of what it was
#   built from.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/containers/images/#image-names
# custom:
#   id: IMG-CONTENT
#   severity: high
#   judges: workloads
#   production: true
#   remedy: >-
#     Pin the digest (kustomize: images.digest), or use a content-hash tag.
#   nsa_cisa: "Kubernetes Pod security: Building secure container images"
#   cis: "5.5.1"
package ballotbox.rules.image_content

import data.ballotbox.lib.fields
import data.ballotbox.lib.pods

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some pod in pods.all
	pod.production
	some container in pod.containers
	image := fields.at(container.object, ["image"])
	not by_content(image)
	finding := pods.container_finding(pod, container, ["image"], sprintf("image %s must be named by digest or content hash in production", [fields.text(image)]))
}

by_content(image) if fields.matches(`@sha256:[0-9a-f]{64}$`, image)

by_content(image) if fields.matches(`^[^@]+:([a-z]+-)?[0-9a-f]{12,64}$`, image)
