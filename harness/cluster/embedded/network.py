"""The box's network: the node's namespace and, behind it, a namespace that plays the Internet.

    host's loopback sockets ─┐ (inherited, no route, no veth to the host)
                             ▼
    [Internet namespace 198.51.100.10] ── veth ── [node namespace 192.168.77.2] ── Calico ── pods 10.244.0.0/16

Neither namespace has an interface that leads to the host, so no packet of the cluster can leave by its default route.
"""

from __future__ import annotations

from pathlib import Path

from harness import process
from harness.cluster.embedded import layout as at

INTERNET = "internet"


def namespace_path(name: str) -> str:
    """Return the path by which a program can enter a namespace made by `set_up`, inside the box."""
    return f"/run/netns/{name}"


def commands() -> tuple[tuple[str, ...], ...]:
    """Return the ip(8) calls that make the network, in order, to be run in the node's fresh namespace."""
    inside = ("ip", "-n", INTERNET)
    return (
        ("ip", "link", "set", "lo", "up"),
        ("ip", "netns", "add", INTERNET),
        ("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "node", "netns", INTERNET),
        ("ip", "addr", "add", f"{at.NODE_IP}/{at.NODE_PREFIX}", "dev", "eth0"),
        ("ip", "link", "set", "eth0", "up"),
        (*inside, "link", "set", "lo", "up"),
        (*inside, "addr", "add", f"{at.GATEWAY_IP}/{at.NODE_PREFIX}", "dev", "node"),
        (*inside, "link", "set", "node", "up"),
        (*inside, "addr", "add", f"{at.INTERNET_IP}/32", "dev", "lo"),
        (*inside, "addr", "add", f"{at.VISITOR_IP}/32", "dev", "lo"),
        (*inside, "addr", "add", f"{at.METADATA_IP}/32", "dev", "lo"),
        # Without a default route the kernel does not answer Calico's proxy ARP for 169.254.1.1.
        ("ip", "route", "add", "default", "via", at.GATEWAY_IP),
    )


def set_up() -> None:
    """Make the network; the caller is in the node's network and mount namespace."""
    for command in commands():
        process.run(command, timeout_s=10)
    _write_sysctl("net.ipv4.ip_forward", "1")
    # Calico's own check of a pod's source address replaces reverse-path filtering, which drops proxied ARP's traffic.
    _write_sysctl("net.ipv4.conf.all.rp_filter", "0")


def _write_sysctl(key: str, value: str) -> None:
    (Path("/proc/sys") / key.replace(".", "/")).write_text(value)
