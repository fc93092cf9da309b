package ballotbox.tests.ingress_snippet

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.ingress_snippet.deny

ingress(annotations) := fixtures.judged([{"kind": "Ingress", "metadata": {"name": "i", "annotations": annotations}}])

test_accepts_others if {
	every annotations in [null, {}, {"nginx.ingress.kubernetes.io/affinity": "cookie"}] {
		count(deny) == 0 with input as ingress(annotations)
	}
}

test_rejects_snippets_and_wrong_types if {
	every annotations in [
		{"nginx.ingress.kubernetes.io/configuration-snippet": "x"}, {"nginx.ingress.kubernetes.io/server-snippet": ""},
		{"nginx.ingress.kubernetes.io/auth-snippet": null}, "x", 7, [],
	] {
		count(deny) == 1 with input as ingress(annotations)
	}
}
