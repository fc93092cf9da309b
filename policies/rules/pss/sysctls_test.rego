package ballotbox.tests.pss_sysctls

import data.ballotbox.lib.fixtures
import data.ballotbox.lib.pods
import data.ballotbox.rules.pss_sysctls.deny

test_accepts_absent if count(deny) == 0 with input as fixtures.unchanged

test_accepts_null_empty_and_safe_ones if {
	every value in [null, [], [{"name": "net.ipv4.tcp_syncookies", "value": "1"}], [{"name": "net.ipv4.tcp_notsent_lowat"}]] {
		count(deny) == 0 with input as fixtures.pod_security({"sysctls": value})
	}
}

test_rejects_others_and_wrong_types if {
	every value in [
		[{"name": "kernel.msgmax"}], [{"name": "net.ipv4.tcp_syncookies "}], [{"name": ""}], [{"name": null}], [{"name": 7}],
		[{}], [null], ["net.ipv4.tcp_syncookies"], "", 7, true, {}, {"name": "net.ipv4.tcp_syncookies"},
	] {
		count(deny) == 1 with input as fixtures.pod_security({"sysctls": value})
	}
}

test_rejects_it_in_every_kind if {
	every kind in object.keys(pods.templates) - {"Pod"} {
		count(deny) > 0 with input as fixtures.in_kind(kind, {"securityContext": {"sysctls": [{"name": "kernel.msgmax"}]}})
	}
}
