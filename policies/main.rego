# Gathers what the rules found, and counts what they were given to judge: a gate that judged nothing must not pass.
package main

import data.ballotbox.lib.inputs
import data.ballotbox.lib.pods

deny contains object.union(finding, {"rule": about.custom.id}) if {
	some rule in data.ballotbox.rules
	about := rule.about.annotations
	some finding in rule.deny
	applies(about.custom, finding.level)
}

# A restricted namespace is judged by every control but those that a stricter one replaces; a baseline namespace by the
# baseline ones. Rules that are no controls apply everywhere.
applies(custom, _) if not custom.pss

applies(custom, "restricted") if not custom.id in overridden

applies(custom, "baseline") if custom.pss == "baseline"

# For the harness, which wants to know of every control what it says.
applies(_, "every")

overridden contains id if {
	some rule in data.ballotbox.rules
	some id in object.get(rule.about.annotations.custom, "overrides", [])
}

# Not a warning: the census that harness/policy/rego.py compares with what it sent.
warn contains {
	"msg": "census",
	"rules": [rule.about | some rule in data.ballotbox.rules],
	"objects": count(inputs.objects),
	"pods": count(pods.all),
	"containers": count([container | some pod in pods.all; some container in pod.containers]),
	"containerfiles": count(inputs.containerfiles),
	"composes": count(inputs.composes),
	"workflows": count(inputs.workflows),
}
