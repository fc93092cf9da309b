# Reads fields the way the API server does, and fails closed where it would refuse. In Rego a missing path is undefined
# and `not undefined` is true in silence; these functions are always defined.
package ballotbox.lib.fields

# Stands for a value that has the wrong type on the way to a field. No rule allows it, so what cannot be read is refused.
malformed := {"malformed": true}

# at gives what a field holds: null where any step is absent or null (Kubernetes treats the two alike), the value where
# it is there, `malformed` where a step that should be an object is something else.
at(value, path) := found if {
	is_object(value)
	found := object.get(value, path, null)
	found != null
} else := null if {
	value == null
} else := malformed if {
	not is_object(value)
} else := malformed if {
	value == malformed
} else := malformed if {
	broken(value, path)
} else := null

broken(value, path) if {
	some length, _ in path
	length > 0
	parent := object.get(value, array.slice(path, 0, length), null)
	parent != null
	not is_object(parent)
}

# elements gives the items of a list field: none for null, one malformed item for anything that is no list.
elements(value) := value if is_array(value)

elements(null) := []

elements(value) := [malformed] if {
	not is_array(value)
	value != null
}

# entries gives the pairs of a map field, `malformed` under one made-up key for anything that is no map.
entries(value) := value if {
	is_object(value)
	value != malformed
}

entries(null) := {}

entries(value) := {"": malformed} if {
	not is_object(value)
	value != null
}

entries(value) := {"": malformed} if value == malformed

# integer tells whether the API server would take the value for an integer field.
integer(value) if {
	is_number(value)
	floor(value) == value
}

# matches is regex.match for a value that may be no text, which then matches nothing.
matches(pattern, value) if {
	is_string(value)
	regex.match(pattern, value)
}

text(value) := value if is_string(value)

text(value) := json.marshal(value) if not is_string(value)
