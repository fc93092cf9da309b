"""Tries what Calico's Felix and kube-proxy ask of the kernel's network, in a network namespace made for the trial.

Asking is better than reading a kernel configuration: it covers modules that load on demand, and both flavours of
iptables. Run by `harness.doctor.probes` as `unshare --net python -m harness.doctor.netfilter`; prints JSON.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from harness import prerequisites, process

if TYPE_CHECKING:
    from collections.abc import Mapping

# Each once, in this order: the rule with a set needs the set.
TRIALS: Mapping[str, str] = {
    "veth": "ip link add doctor0 type veth peer name doctor1",
    "ipset hash:ip": "ipset create doctor-ip hash:ip",
    "ipset hash:net": "ipset create doctor-net hash:net",
    "ipset hash:ip,port": "ipset create doctor-port hash:ip,port",
    "match set": "iptables -A FORWARD -m set --match-set doctor-ip src -j ACCEPT",
    "match comment": "iptables -A FORWARD -m comment --comment doctor -j ACCEPT",
    "match conntrack": "iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
    "match mark": "iptables -A FORWARD -m mark --mark 0x1/0x1 -j DROP",
    "match multiport": "iptables -A FORWARD -p tcp -m multiport --dports 80,443 -j ACCEPT",
    "target REJECT": "iptables -A FORWARD -p tcp -j REJECT",
    "match addrtype": "iptables -t nat -A POSTROUTING -m addrtype --dst-type LOCAL -j ACCEPT",
    "match statistic": "iptables -t nat -A OUTPUT -m statistic --mode random --probability 0.5 -j ACCEPT",
    "match recent": "iptables -t nat -A OUTPUT -m recent --name doctor --rcheck --seconds 10 -j ACCEPT",
    "target DNAT": "iptables -t nat -A OUTPUT -p tcp -j DNAT --to-destination 192.0.2.1:80",
    "target MASQUERADE": "iptables -t nat -A POSTROUTING -j MASQUERADE --random-fully",
    "target MARK": "iptables -t mangle -A PREROUTING -j MARK --set-xmark 0x1/0x1",
    "match rpfilter": "iptables -t raw -A PREROUTING -m rpfilter --invert --validmark -j DROP",
    "target CT": "iptables -t raw -A PREROUTING -j CT --notrack",
}
_TRIAL_TIMEOUT_S = 10.0


def run(trials: Mapping[str, str]) -> dict[str, str]:
    """Run each trial whose program is installed; return its complaint, which is empty where it went well."""
    result = {}
    for feature, command in trials.items():
        program, *arguments = command.split()
        found = prerequisites.find(program)
        if found is None:
            continue
        said = process.run([found, *arguments], check=False, timeout_s=_TRIAL_TIMEOUT_S)
        words = " ".join(said.stderr.split()) or f"exit code {said.exit_code}"
        result[feature] = "" if said.exit_code == 0 else words
    return result


if __name__ == "__main__":
    print(json.dumps(run(TRIALS)))
