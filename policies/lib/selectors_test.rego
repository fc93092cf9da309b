package ballotbox.lib.selectors_test

import data.ballotbox.lib.selectors

labels := {"app": "vote", "tier": "front"}

expression(key, operator, values) := {"matchExpressions": [{"key": key, "operator": operator, "values": values}]}

test_an_empty_selector_matches_everything if {
	every selector in [{}, {"matchLabels": {}}, {"matchLabels": null, "matchExpressions": []}] {
		selectors.matches(selector, labels)
		selectors.empty(selector)
	}
}

test_labels_must_all_match if {
	selectors.matches({"matchLabels": {"app": "vote"}}, labels)
	not selectors.matches({"matchLabels": {"app": "vote", "tier": "back"}}, labels)
	not selectors.matches({"matchLabels": {"zone": "a"}}, labels)
	not selectors.empty({"matchLabels": {"app": "vote"}})
}

test_operators if {
	selectors.matches(expression("app", "In", ["vote", "result"]), labels)
	not selectors.matches(expression("app", "In", ["result"]), labels)
	not selectors.matches(expression("zone", "In", ["a"]), labels)
	selectors.matches(expression("app", "NotIn", ["result"]), labels)
	selectors.matches(expression("zone", "NotIn", ["a"]), labels)
	not selectors.matches(expression("app", "NotIn", ["vote"]), labels)
	selectors.matches(expression("app", "Exists", []), labels)
	not selectors.matches(expression("zone", "Exists", []), labels)
	selectors.matches(expression("zone", "DoesNotExist", []), labels)
	not selectors.matches(expression("app", "DoesNotExist", []), labels)
}

test_an_unreadable_selector_selects_nothing if {
	every selector in [null, "", [], {"app": "vote"}, {"matchLabels": "app"}, {"matchExpressions": "x"}, expression("app", "Like", ["v"])] {
		not selectors.matches(selector, labels)
		not selectors.empty(selector)
	}
}
