# What the gate was given. conftest is called with --combine, so `input` is a list of {path, contents}: one JSON file
# written by harness/policy/rego.py, and the Containerfiles beside it, parsed by conftest itself.
package ballotbox.lib.inputs

import data.ballotbox.lib.fields

# One set is what is judged together: the objects of one overlay, or of one folder or file.
sets := [set | some file in input; is_object(file.contents); some set in file.contents.sets]

objects := [entry |
	some set in sets
	some given in set.objects
	entry := {
		"id": given.id,
		"object": given.object,
		"set": set.name,
		"level": set.level,
		"production": set.production,
	}
]

of_kind(kinds) := [entry | some entry in objects; entry.object.kind in kinds]

# Found by set and kind: one run may judge a thousand sets, and a rule must not look through all for each pod.
by_set := {set.name: kinds |
	some set in sets
	kinds := {kind: entries |
		some kind in {entry.object.kind | some entry in set.objects}
		entries := [entry | some entry in set.objects; entry.object.kind == kind]
	}
}

in_set(set, kind) := object.get(by_set, [set, kind], [])

# Containerfiles were renamed for conftest; `staged` leads from its name back to the subject.
containerfiles := [object.union(set_entry, {"commands": file.contents}) |
	some file in input
	is_array(file.contents)
	some set in sets
	some entry in set.containerfiles
	entry.staged == file.path
	set_entry := object.union(entry, {"set": set.name})
]

composes := [object.union(entry, {"set": set.name}) | some set in sets; some entry in set.composes]

workflows := [object.union(entry, {"set": set.name}) | some set in sets; some entry in set.workflows]

namespace_of(object) := name if {
	name := fields.at(object, ["metadata", "namespace"])
	is_string(name)
} else := "default"

name_of(object) := name if {
	name := fields.at(object, ["metadata", "name"])
	is_string(name)
} else := ""

# A finding names its subject, the field (a path, for the line of the source), and what is wrong.
finding(entry, field, message) := {
	"subject": entry.id,
	"container": null,
	"field": field,
	"msg": message,
	"level": object.get(entry, "level", "restricted"),
}
