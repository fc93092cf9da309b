"""Reading the intent table; a mistake is one line with file, line and key, and never a pass."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

import pytest

from harness import paths
from harness.errors import UserError
from harness.network.intent import Kind, PortSpec
from harness.network.intent_reader import parse_intent, read_intent

if TYPE_CHECKING:
    from pathlib import Path

    from harness.network.intent import Intent

BASE = """\
governed: [shop]
settings: {pod-cidr: 10.244.0.0/16, node: 192.0.2.1, api-server: 192.0.2.1, internet: 192.0.2.2, metadata: 192.0.2.3}
endpoints:
  page:
    workload: {namespace: shop, labels: {app: page}}
  stranger:
    scratch: {namespace: away}
  dns:
    system: {namespace: kube-system, labels: {k8s-app: kube-dns}}
    listens: [53/UDP]
allowed:
  - from: [page]
    to: [dns]
    ports: [53/UDP]
    reason: names
"""


def test_the_projects_own_table_is_read() -> None:
    """The table of this repository has an entry for each promised path, each with a reason."""
    intent = read_intent(paths.ROOT / "tests" / "network" / "intent.yaml")
    assert intent.governed == ("ballotbox", "ingress")
    assert {
        "vote",
        "result",
        "worker",
        "redis",
        "postgres",
        "ingress",
        "dns",
        "node",
        "api-server",
        "metadata",
        "internet",
    } <= set(intent.endpoints)
    assert all(allowed.reason for allowed in intent.allowed)


def test_settings_and_endpoints_are_read(intent: Intent) -> None:
    """Ports, Services and addresses come out as data."""
    assert intent.endpoints["page"].closed == (PortSpec(81, "TCP"),)
    assert str(intent.endpoints["data"].services[0]) == "data.shop:5432"
    assert intent.endpoints["node"].ip == ipaddress.ip_address("192.0.2.10")
    assert intent.endpoints["ours"].kind is Kind.PODS


def test_a_provider_replaces_settings_and_endpoints() -> None:
    """What stands under a provider wins, the rest stays."""
    from_other = parse_intent(
        BASE + "providers:\n  kind:\n    settings: {node: 192.0.2.99}\n    governed: [other]\n", "i.yaml", "kind"
    )
    assert from_other.governed == ("other",)
    assert set(from_other.endpoints) == {"page", "stranger", "dns"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("governed: [shop]", "governd: [shop]", "i.yaml:1: governd: expected one of allowed, endpoints, governed"),
        ("governed: [shop]", "governed: []", "governed: expected governed that say something"),
        ("metadata: 192.0.2.3", "meta: 1", "i.yaml:2: settings.meta: expected one of api-server"),
        (", metadata: 192.0.2.3", "", "i.yaml:2: settings: expected a setting metadata"),
        ("10.244.0.0/16", "10.244.0.0/33", "settings.pod-cidr: expected a range of addresses"),
        ("workload: {", "workloads: {", "i.yaml:5: endpoints.page.workloads: expected one of"),
        ("    workload: {namespace: shop, labels: {app: page}}", "    listens: [80/TCP]", "expected exactly one of"),
        ("{namespace: shop, labels", "{labels", "endpoints.page.workload: expected a namespace"),
        ("{app: page}", "{app: 1}", "endpoints.page.workload.labels.app: expected a string, found 1"),
        ("listens: [53/UDP]", "listens: [53]", "endpoints.dns.listens.0: expected a string, found 53"),
        ("listens: [53/UDP]", "listens: [53/udp]", "i.yaml:10: endpoints.dns.listens.0: expected a port such"),
        ("listens: [53/UDP]", "listens: [70000/UDP]", "expected a port such as 8080/TCP, found '70000/UDP'"),
        ("listens: [53/UDP]", "services: [dns:53]", "expected a Service such as db.ballotbox:5432 -> 5432/TCP"),
        ("from: [page]", "from: [pages]", "i.yaml:12: allowed.0.from.0: expected one of the endpoints page"),
        ("from: [page]", "from: [stranger]", "expected an endpoint that outlives the run"),
        ("to: [dns]", "to: dns", "i.yaml:13: allowed.0.to: expected a list, found 'dns'"),
        ("    reason: names\n", "", "allowed.0: expected a value for reason"),
        ("    ports: [53/UDP]\n    reason", "    reason", "allowed.0: expected a value for ports"),
    ],
)  # fmt: skip
def test_a_mistake_names_line_and_key(old: str, new: str, said: str) -> None:
    """The message says where, what was expected and what was found, in one line."""
    assert old in BASE
    with pytest.raises(UserError) as caught:
        parse_intent(BASE.replace(old, new), "i.yaml")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_a_users_mistake(tmp_path: Path) -> None:
    """A table that is not there is named, with the option that names another."""
    with pytest.raises(UserError, match="expected an intent file, found No such file"):
        read_intent(tmp_path / "none.yaml")
