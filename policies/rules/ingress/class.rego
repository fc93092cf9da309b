# METADATA
# scope: package
# title: A class that is said
# description: >-
#   Without ingressClassName the cluster's default controller serves the Ingress, whichever that is, or every
#   controller at once.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/#ingress-class
# custom:
#   id: ING-CLASS
#   severity: low
#   judges: objects
#   remedy: >-
#     Set spec.ingressClassName.
package ballotbox.rules.ingress_class

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"Ingress"})
	not name(fields.at(entry.object, ["spec", "ingressClassName"]))
	finding := inputs.finding(entry, ["spec", "ingressClassName"], "ingressClassName must be set")
}

name(value) if {
	is_string(value)
	value != ""
}
