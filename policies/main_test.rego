package main_test

import data.ballotbox.lib.fixtures
import data.main

privileged := fixtures.security({"privileged": true})

at_level(level) := fixtures.judged_as(
	[object.union(fixtures.restricted_pod, {"spec": {"containers": [{"name": "a", "image": "i:1"}]}})],
	{"level": level},
)

ids := {finding.rule | some finding in main.deny}

test_findings_carry_their_rule if "PSS-PRIVILEGED" in ids with input as privileged

test_a_restricted_set_is_judged_by_restricted_controls if "PSS-CAPABILITIES" in ids with input as at_level("restricted")

test_a_baseline_set_is_not if {
	not "PSS-CAPABILITIES" in ids with input as at_level("baseline")
	"WL-LIMITS" in ids with input as at_level("baseline")
}

test_a_privileged_set_is_judged_by_no_control if {
	not "PSS-PRIVILEGED" in ids with input as fixtures.judged_as(
		[object.union(fixtures.restricted_pod, {"spec": {"hostPID": true}})],
		{"level": "privileged"},
	)
}

test_an_overridden_control_is_silent_where_its_override_applies if {
	not "PSS-CAPABILITIES-BASELINE" in ids with input as fixtures.security({"capabilities": {"add": ["NET_RAW"]}})
	"PSS-CAPABILITIES" in ids with input as fixtures.security({"capabilities": {"add": ["NET_RAW"]}})
}

test_the_census_counts if {
	some census in main.warn with input as fixtures.unchanged
	census.objects == 1
	census.pods == 1
	census.containers == 1
	count(census.rules) > 0
}

test_the_harness_can_ask_every_control if {
	"PSS-CAPABILITIES-BASELINE" in ids with input as every_level
	"PSS-CAPABILITIES" in ids with input as every_level
}

every_level := fixtures.judged_as(
	[object.union(fixtures.restricted_pod, {"spec": {"containers": [{"name": "a", "securityContext": {"capabilities": {"add": ["NET_RAW"]}}}]}})],
	{"level": "every"},
)
