package ballotbox.tests.ingress_class

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.ingress_class.deny

ingress(spec) := fixtures.judged([{"kind": "Ingress", "metadata": {"name": "i"}, "spec": spec}])

test_accepts_a_class if count(deny) == 0 with input as ingress({"ingressClassName": "nginx"})

test_rejects_absent_null_and_wrong_types if {
	count(deny) == 1 with input as ingress({})
	every value in [null, "", 7, {}, []] {
		count(deny) == 1 with input as ingress({"ingressClassName": value})
	}
}
