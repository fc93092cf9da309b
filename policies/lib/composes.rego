# The services of compose files: https://docs.docker.com/reference/compose-file/
package ballotbox.lib.composes

import data.ballotbox.lib.fields
import data.ballotbox.lib.inputs

services := [service |
	some file in inputs.composes
	some name, object in fields.entries(fields.at(file.document, ["services"]))
	service := {"id": file.id, "name": name, "object": seen(object)}
]

# A service that is null has nothing set; the rules judge that too.
seen(object) := object if object != null

seen(null) := {}

finding(service, field, message) := {
	"subject": service.id,
	"container": service.name,
	"field": array.concat(["services", service.name], field),
	"msg": message,
	"level": "restricted",
}
