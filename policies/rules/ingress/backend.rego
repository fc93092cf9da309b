# METADATA
# scope: package
# title: Back ends that exist
# description: >-
#   A back end that names no Service of its namespace, or no port of it, is a 503 in production and an invitation to
#   whoever may create that Service.
# related_resources:
#   - ref: https://kubernetes.io/docs/concepts/services-networking/ingress/
# custom:
#   id: ING-BACKEND
#   severity: medium
#   judges: objects
#   remedy: >-
#     Name a Service of the Ingress' namespace and one of its ports.
package ballotbox.rules.ingress_backend

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]

deny contains finding if {
	some entry in inputs.of_kind({"Ingress"})
	some index, rule in fields.elements(fields.at(entry.object, ["spec", "rules"]))
	some path_index, path in fields.elements(fields.at(rule, ["http", "paths"]))
	service := fields.at(path, ["backend", "service"])
	not exists(entry, service)
	finding := inputs.finding(
		entry, ["spec", "rules", index, "http", "paths", path_index, "backend", "service"],
		sprintf("back end %s must be a port of a Service", [fields.text(service)]),
	)
}

exists(ingress, service) if {
	some entry in inputs.in_set(ingress.set, "Service")
	inputs.namespace_of(entry.object) == inputs.namespace_of(ingress.object)
	inputs.name_of(entry.object) == fields.at(service, ["name"])
	fields.at(entry.object, ["spec", "type"]) != "ExternalName"
	some port in fields.elements(fields.at(entry.object, ["spec", "ports"]))
	same(port, fields.at(service, ["port"]))
}

same(port, wanted) if {
	number := fields.at(wanted, ["number"])
	fields.integer(number)
	fields.at(port, ["port"]) == number
}

same(port, wanted) if {
	name := fields.at(wanted, ["name"])
	is_string(name)
	fields.at(port, ["name"]) == name
}
