package ballotbox.lib.fields_test

import data.ballotbox.lib.fields

test_a_value_is_found if fields.at({"a": {"b": false}}, ["a", "b"]) == false

test_absent_and_null_are_null_at_every_step if {
	every value in [null, {}, {"a": null}, {"a": {}}, {"a": {"b": null}}] {
		fields.at(value, ["a", "b"]) == null
	}
}

test_a_wrong_type_on_the_way_is_malformed if {
	every value in ["", 7, [], true, {"a": ""}, {"a": 7}, {"a": []}, {"a": true}, fields.malformed] {
		fields.at(value, ["a", "b"]) == fields.malformed
	}
}

test_an_empty_path_is_the_value if fields.at({"a": 1}, []) == {"a": 1}

test_elements if {
	fields.elements(null) == []
	fields.elements([1, 2]) == [1, 2]
	every value in ["", 7, {}, true] {
		fields.elements(value) == [fields.malformed]
	}
}

test_entries if {
	fields.entries(null) == {}
	fields.entries({"a": 1}) == {"a": 1}
	every value in ["", 7, [], true, fields.malformed] {
		fields.entries(value) == {"": fields.malformed}
	}
}

test_integers if {
	fields.integer(0)
	fields.integer(-3)
	every value in [1.5, "1", null, true, [], {}] {
		not fields.integer(value)
	}
}
