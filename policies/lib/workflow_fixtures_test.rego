# A workflow that passes every rule, with one thing changed.
package ballotbox.lib.workflow_fixtures

import data.ballotbox.lib.fixtures

good := {
	"on": {"push": "", "pull_request": ""},
	"permissions": {},
	"concurrency": {"group": "ci"},
	"jobs": {"build": {"timeout-minutes": "10", "steps": [{"run": "true"}]}},
}

judged(document) := fixtures.judged_as([], {"workflows": [{"id": 0, "document": document}]})

workflow(change) := judged(object.union(good, change))

# top replaces a key of the workflow whole.
top(change) := judged(object.union(object.remove(good, object.keys(change)), change))

without(key) := judged(object.remove(good, [key]))

job(change) := workflow({"jobs": {"build": change}})

step(change) := job({"steps": [change]})
