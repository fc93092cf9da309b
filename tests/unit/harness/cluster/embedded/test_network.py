"""The box's network: what is made, and, in namespaces of its own, that nothing leads out."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from harness import paths
from harness.cluster.embedded import layout as at
from harness.cluster.embedded import network

# Within fresh network, mount and pid namespaces, as in a box: make the network, then tell what it looks like.
_LOOK = """
import json, subprocess
from harness import process
from harness.cluster.embedded import network
process.run(["mount", "-t", "tmpfs", "none", "/run"])
network.set_up()
def ask(*words): return json.loads(process.run(["ip", "-j", *words]).stdout or "[]")
inside = ("-n", network.INTERNET)
print(json.dumps({
    "links": [each["ifname"] for each in ask("link")],
    "far links": [each["ifname"] for each in ask(*inside, "link")],
    "routes": ask("route"),
    "far routes": ask(*inside, "route"),
    "to visitor": ask("route", "get", "203.0.113.20"),
    "forward": open("/proc/sys/net/ipv4/ip_forward").read().strip(),
    "rp_filter": open("/proc/sys/net/ipv4/conf/all/rp_filter").read().strip(),
}))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces")
def test_nothing_leads_to_the_host() -> None:
    """Node and Internet see each other and no one else; the node forwards, and its default route ends in the box."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "--propagation=private"]
    done = subprocess.run(
        [*command, sys.executable, "-c", _LOOK], cwd=paths.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    kinds = {"lo", "tunl0", "gre0", "gretap0", "erspan0", "ip_vti0", "ip6_vti0", "sit0", "ip6tnl0", "ip6gre0"}
    assert set(seen["links"]) - kinds == {"eth0"}
    assert set(seen["far links"]) - kinds == {"node"}
    assert [route["gateway"] for route in seen["routes"] if route["dst"] == "default"] == [at.GATEWAY_IP]
    assert not [route for route in seen["far routes"] if route["dst"] == "default"]
    assert seen["to visitor"][0]["gateway"] == at.GATEWAY_IP
    assert (seen["forward"], seen["rp_filter"]) == ("1", "0")


def test_path_of_a_namespace() -> None:
    """A namespace is entered by the file that ip(8) makes."""
    assert network.namespace_path("internet") == "/run/netns/internet"
