# A compose service that passes every rule, with one thing changed.
package ballotbox.lib.compose_fixtures

import data.ballotbox.lib.fixtures

hardened := {
	"image": "redis:7.4",
	"user": "999:999",
	"read_only": true,
	"cap_drop": ["ALL"],
	"security_opt": ["no-new-privileges:true"],
}

judged(document) := fixtures.judged_as([], {"composes": [{"id": 0, "document": document}]})

service(change) := judged({"services": {"app": object.union(hardened, change)}})

without(field) := judged({"services": {"app": object.remove(hardened, [field])}})

built(change) := array.concat(
	fixtures.judged_as([], {
		"composes": [{"id": 0, "document": {"services": {"app": object.union(hardened, change)}}}],
		"containerfiles": [{"id": 1, "staged": "1.dockerfile"}],
	}),
	[{"path": "1.dockerfile", "contents": []}],
)
