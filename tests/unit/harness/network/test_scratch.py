"""Scratch pods and what the API server adds to objects, as data; the cluster's part is tried in tests/network."""

from __future__ import annotations

from typing import Any

import pytest

from harness.network.intent import PortSpec
from harness.network.live import as_new
from harness.network.scratch import MARK, is_ready, pod, state_of


def test_a_scratch_pod_asks_for_nothing_that_restricted_refuses() -> None:
    """Every field that Pod Security's restricted level demands is set, on the only container."""
    made = pod("p", "shop", "image", listens=[PortSpec(8080), PortSpec(8053, "UDP")])
    [container] = made["spec"]["containers"]
    security = container["securityContext"]
    assert security["runAsNonRoot"] is True
    assert security["allowPrivilegeEscalation"] is False
    assert security["capabilities"] == {"drop": ["ALL"]}
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert made["spec"]["automountServiceAccountToken"] is False
    assert container["args"] == ["listen", "8080/TCP", "8053/UDP"]
    assert {"requests", "limits"} <= set(container["resources"])
    assert made["metadata"]["labels"].items() >= MARK.items()


def test_a_pod_that_plays_the_node_uses_its_network() -> None:
    """It only waits to be used, as the node's ports are the node's."""
    made = pod("p", "n", "image", host_network=True)
    assert made["spec"]["hostNetwork"] is True
    assert made["spec"]["containers"][0]["args"] == ["wait"]


@pytest.mark.parametrize(
    ("found", "ready"),
    [
        ({"metadata": {}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}}, True),
        ({"metadata": {}, "status": {"conditions": [{"type": "Ready", "status": "False"}]}}, False),
        (
            {"metadata": {"deletionTimestamp": "x"}, "status": {"conditions": [{"type": "Ready", "status": "True"}]}},
            False,
        ),
        ({"metadata": {}, "status": {}}, False),
        ({"metadata": {}}, False),
    ],
)
def test_a_pod_on_its_way_out_is_not_ready(found: dict[str, Any], ready: bool) -> None:
    """Ready means Ready and staying."""
    assert is_ready(found) is ready


def test_a_state_says_what_is_waited_for() -> None:
    """The reason a container waits is in the words that an error shows."""
    waiting = {"reason": "ErrImageNeverPull", "message": "not here"}
    found = {"status": {"phase": "Pending", "containerStatuses": [{"name": "probe", "state": {"waiting": waiting}}]}}
    assert state_of(found) == "Pending probe: ErrImageNeverPull not here"


def test_a_policy_can_be_created_again() -> None:
    """What the API server added is left out, labels and annotations stay."""
    metadata = {
        "name": "p",
        "namespace": "n",
        "uid": "1",
        "resourceVersion": "2",
        "managedFields": [],
        "labels": {"a": "b"},
    }
    again = as_new({"kind": "NetworkPolicy", "metadata": metadata, "spec": {"x": 1}, "status": {}})
    assert again == {
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": "n", "labels": {"a": "b"}},
        "spec": {"x": 1},
    }
