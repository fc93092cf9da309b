# GitHub workflows. Their scalars arrive as text (YAML 1.1 would read the key `on` as true).
package ballotbox.lib.workflows

import data.ballotbox.lib.fields

events(workflow) := names(fields.at(workflow.document, ["on"]))

names(on) := {on} if is_string(on)

names(on) := {event | some event in on} if is_array(on)

names(on) := object.keys(on) if is_object(on)

names(null) := set()

jobs(workflow) := fields.entries(fields.at(workflow.document, ["jobs"]))

steps(workflow) := [[["jobs", name, "steps", index], step] |
	some name, job in jobs(workflow)
	some index, step in fields.elements(fields.at(job, ["steps"]))
]

# Every `uses`, of steps and of jobs that call a workflow.
uses(workflow) := array.concat(
	[[array.concat(path, ["uses"]), used] |
		some [path, step] in steps(workflow)
		used := fields.at(step, ["uses"])
		used != null
	],
	[[["jobs", name, "uses"], used] |
		some name, job in jobs(workflow)
		used := fields.at(job, ["uses"])
		used != null
	],
)
