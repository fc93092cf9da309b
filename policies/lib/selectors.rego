# Label selectors: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
package ballotbox.lib.selectors

import data.ballotbox.lib.fields

# matches tells whether a selector selects an object with these labels. A selector that cannot be read selects nothing.
matches(selector, labels) if {
	is_object(selector)
	readable(selector)
	every key, value in fields.entries(fields.at(selector, ["matchLabels"])) {
		labels[key] == value
	}
	every expression in fields.elements(fields.at(selector, ["matchExpressions"])) {
		holds(expression, labels)
	}
}

# empty tells whether a selector selects everything.
empty(selector) if {
	is_object(selector)
	readable(selector)
	count(fields.entries(fields.at(selector, ["matchLabels"]))) == 0
	count(fields.elements(fields.at(selector, ["matchExpressions"]))) == 0
}

readable(selector) if {
	object.keys(selector) - {"matchLabels", "matchExpressions"} == set()
	fields.entries(fields.at(selector, ["matchLabels"])) != {"": fields.malformed}
}

holds(expression, labels) if {
	fields.at(expression, ["operator"]) == "In"
	labels[expression.key] in expression.values
}

holds(expression, labels) if {
	fields.at(expression, ["operator"]) == "NotIn"
	not object.get(labels, expression.key, null) in expression.values
}

holds(expression, labels) if {
	fields.at(expression, ["operator"]) == "Exists"
	object.get(labels, expression.key, null) != null
}

holds(expression, labels) if {
	fields.at(expression, ["operator"]) == "DoesNotExist"
	object.get(labels, expression.key, null) == null
}
