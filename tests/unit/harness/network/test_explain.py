"""Explaining one flow: the intent, both sides, and the lines that decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import paths
from harness.errors import UserError
from harness.network.declared import read_declared
from harness.network.explain import explain_flow

from .conftest import POLICIES, WORKLOADS

if TYPE_CHECKING:
    from pathlib import Path

    from harness.network.declared import Declared
    from harness.network.intent import Intent


def test_a_blocked_flow_names_both_sides(intent: Intent, declared: Declared) -> None:
    """The verdict, the intent and each side's policies are said."""
    text = explain_flow(intent, declared, "data", "page", "80", root=paths.ROOT)
    assert text.startswith("data -> page 80/TCP: blocked\nintent: should be blocked: no entry of intent.yaml allows it")
    assert "egress: blocked, none of these allows it: shop/deny at shop.yaml:" in text
    assert "ingress: blocked, none of these allows it: shop/deny at shop.yaml:" in text


def test_the_deciding_lines_are_shown(intent: Intent, tmp_path: Path) -> None:
    """A policy that comes from a file is shown with that file's lines, and a rule ends where the next begins."""
    source = tmp_path / "policies.yaml"
    source.write_text(POLICIES)
    declared = read_declared(WORKLOADS + POLICIES, "rendered", [source], tmp_path)
    text = explain_flow(intent, declared, "page", "data", "5432", root=tmp_path)
    assert "page -> data 5432/TCP: allowed" in text
    assert "intent: should pass: orders" in text
    assert "allowed by shop/page at policies.yaml:18" in text
    assert "      18 |     - to: [{podSelector: {matchLabels: {app: data}}}]" in text
    assert "      19 |       ports: [{port: 5432}]" in text
    assert "      20 |" not in text


def test_a_port_that_nothing_listens_on_is_noted(intent: Intent, declared: Declared) -> None:
    """An allowed flow to a dead port is explained as such, not as a policy."""
    text = explain_flow(intent, declared, "node", "data", "1/UDP", root=paths.ROOT)
    assert "allowed" in text
    assert "note: nothing is declared to listen there; data listens on 5432/TCP" in text


def test_a_pods_own_traffic_is_explained(intent: Intent, declared: Declared) -> None:
    """A pod and itself: no policy is asked."""
    assert "intent: a pod and itself" in explain_flow(intent, declared, "data", "data", "5432", root=paths.ROOT)


@pytest.mark.parametrize(
    ("flow", "said"),
    [
        (("pge", "data", "80"), "expected one of the endpoints page, data, elsewhere, node, internet, found 'pge'"),
        (("page", "data", "http"), "expected a port such as 5432 or 53/UDP, found 'http'"),
        (("page", "data", "99999"), "expected a port such as 5432 or 53/UDP, found '99999'"),
    ],
)
def test_a_mistake_is_one_line(intent: Intent, declared: Declared, flow: tuple[str, str, str], said: str) -> None:
    """An endpoint or port that does not exist is named with what does."""
    with pytest.raises(UserError, match=said):
        explain_flow(intent, declared, *flow, root=paths.ROOT)
