package ballotbox.tests.ingress_backend

import data.ballotbox.lib.fixtures
import data.ballotbox.rules.ingress_backend.deny

service := {"kind": "Service", "metadata": {"name": "vote"}, "spec": {"ports": [{"name": "http", "port": 80}]}}

ingress(backend) := {"kind": "Ingress", "metadata": {"name": "i"}, "spec": {"rules": [{"http": {"paths": [{"backend": {"service": backend}}]}}]}}

test_accepts_a_port_by_number_or_name if {
	every port in [{"number": 80}, {"name": "http"}] {
		count(deny) == 0 with input as fixtures.judged([service, ingress({"name": "vote", "port": port})])
	}
}

test_rejects_others_and_wrong_types if {
	every backend in [
		{"name": "other", "port": {"number": 80}}, {"name": "vote", "port": {"number": 81}}, {"name": "vote", "port": {"name": "https"}},
		{"name": "vote"}, {"name": "vote", "port": {}}, {"name": "vote", "port": 80}, {}, null, "vote",
	] {
		count(deny) == 1 with input as fixtures.judged([service, ingress(backend)])
	}
}

test_rejects_a_service_elsewhere_or_outside if {
	backend := {"name": "vote", "port": {"number": 80}}
	count(deny) == 1 with input as fixtures.judged([object.union(service, {"metadata": {"namespace": "other"}}), ingress(backend)])
	count(deny) == 1 with input as fixtures.judged([object.union(service, {"spec": {"type": "ExternalName"}}), ingress(backend)])
}
