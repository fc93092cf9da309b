"""What counts as a change, and what is pruned."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from harness.deploy.apply import Change, applied_by_us, content

LIVE: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {
        "name": "vote",
        "namespace": "ballotbox",
        "labels": {"app.kubernetes.io/name": "vote"},
        "annotations": {"checksum/secrets": "1", "deployment.kubernetes.io/revision": "3"},
        "resourceVersion": "10",
        "generation": 2,
        "managedFields": [{"manager": "ballotbox", "operation": "Apply"}],
    },
    "spec": {"replicas": 2},
    "status": {"replicas": 1},
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the live object with one field changed, named by a dotted path."""
    live = copy.deepcopy(LIVE)
    *parents, last = path.split("|")
    node = live
    for key in parents:
        node = node[key]
    node[last] = value
    return live


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata|resourceVersion", "11"),
        ("metadata|generation", 3),
        ("metadata|managedFields", []),
        ("metadata|annotations|deployment.kubernetes.io/revision", "4"),
        ("status", {"replicas": 2}),
    ],
)
def test_servers_own_fields_are_no_change(path: str, value: Any) -> None:
    """What the API server and controllers keep at an object is not what somebody wants of it."""
    assert content(changed(path, value)) == content(LIVE)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec|replicas", 3),
        ("metadata|labels", {}),
        ("metadata|annotations|checksum/secrets", "2"),
        ("data", {"a": "b"}),
    ],
)
def test_everything_else_is_a_change(path: str, value: Any) -> None:
    """Specification, data, labels and our own annotations are."""
    assert content(changed(path, value)) != content(LIVE)


@pytest.mark.parametrize(
    ("managers", "ours"),
    [
        ([{"manager": "ballotbox", "operation": "Apply"}], True),
        ([{"manager": "kubectl", "operation": "Update"}, {"manager": "ballotbox", "operation": "Apply"}], True),
        ([{"manager": "kubectl-create", "operation": "Update"}], False),
        ([{"manager": "ballotbox", "operation": "Update"}], False),
        (None, False),
    ],
)
def test_prunes_only_what_a_deployment_applied(managers: Any, ours: bool) -> None:
    """An object that a person or a test made stays, whatever its labels."""
    assert applied_by_us(changed("metadata|managedFields", managers)) is ours


def test_change_reads_as_a_line() -> None:
    """A change is told in words."""
    assert str(Change("created", "Deployment", "vote")) == "created Deployment vote"
