"""The full matrix: rows, columns, and what the intent expects of each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import paths
from harness.errors import UserError
from harness.network.declared import read_declared
from harness.network.intent_reader import parse_intent, read_intent
from harness.network.matrix import actors

from .conftest import INTENT, POLICIES, WORKLOADS

if TYPE_CHECKING:
    from harness.network.declared import Declared
    from harness.network.intent import Intent
    from harness.network.matrix import Cell


def _cell(cells: list[Cell], name: str) -> Cell:
    return next(cell for cell in cells if cell.id == name)


def test_every_source_meets_every_port(cells: list[Cell]) -> None:
    """Four sources, eight columns: listening, closed and Service ports of every endpoint."""
    assert len(cells) == 4 * 8
    assert {cell.source for cell in cells} == {"page", "data", "elsewhere", "node"}
    assert {str(cell.target) for cell in cells} == {
        "page:80/TCP", "page:81/TCP", "data:5432/TCP", "data:5432/UDP", "data:5432/TCP by data",
        "elsewhere:8080/TCP", "node:10250/TCP", "internet:80/TCP",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("page -> data:5432/TCP", "open"),
        ("page -> data:5432/TCP by data", "open"),
        ("page -> data:5432/UDP", "timeout"),
        ("data -> page:80/TCP", "timeout"),
        ("data -> internet:80/TCP", "timeout"),
        ("node -> data:5432/TCP", "open"),
        ("node -> data:5432/UDP", "refused"),
        ("elsewhere -> internet:80/TCP", "open"),
    ],
)
def test_the_expected_verdict_follows_from_intent_and_listener(cells: list[Cell], name: str, expected: str) -> None:
    """Allowed means open where something listens and refused where nothing does; the rest times out."""
    assert _cell(cells, name).expected == expected


def test_a_workload_with_replicas_calls_another_replica(cells: list[Cell]) -> None:
    """With two replicas a workload's call to itself crosses pods; with one it stays within the pod."""
    assert not _cell(cells, "page -> page:80/TCP").within
    assert _cell(cells, "page -> page:80/TCP").expected == "timeout"
    assert _cell(cells, "data -> data:5432/TCP").within
    assert _cell(cells, "data -> data:5432/TCP").expected == "open"


def test_a_pod_that_calls_itself_by_its_service_leaves_the_pod(cells: list[Cell]) -> None:
    """The call goes out to the Service's address and comes back: policies are asked, and no entry allows it."""
    assert not _cell(cells, "data -> data:5432/TCP by data").within
    assert _cell(cells, "data -> data:5432/TCP by data").expected == "timeout"


def test_a_flow_without_an_end_of_ours_is_a_control(cells: list[Cell]) -> None:
    """The intent says nothing of it, so it should pass."""
    control = _cell(cells, "elsewhere -> node:10250/TCP")
    assert not control.governed
    assert control.passes


def test_a_workload_that_does_not_exist_is_a_mistake(declared: Declared) -> None:
    """The table cannot speak of pods that no manifest makes."""
    intent = parse_intent(INTENT.replace("{app: data}}", "{app: dta}}"), "intent.yaml")
    with pytest.raises(
        UserError, match=r"intent.yaml:12: endpoints.data: expected a workload in shop whose pods have app=dta"
    ):
        actors(intent, declared)


def test_a_workload_that_the_table_forgets_is_a_mistake(intent: Intent) -> None:
    """A new component cannot slip past the matrix."""
    more = WORKLOADS.replace("name: data, namespace: shop", "name: queue, namespace: shop").replace(
        "app: data", "app: queue"
    )
    with pytest.raises(UserError, match=r"StatefulSet shop/queue: expected an endpoint in intent.yaml"):
        actors(intent, read_declared(WORKLOADS + more + POLICIES, "shop.yaml"))


def test_manifests_without_policies_are_a_mistake() -> None:
    """Nothing to judge is never a pass."""
    with pytest.raises(UserError, match="expected NetworkPolicies, found none"):
        read_declared(WORKLOADS, "shop.yaml")


def test_the_projects_matrix_has_more_than_300_cells() -> None:
    """The bar of the issue, on the projects's own table; the ports of its workloads come on top of these."""
    intent = read_intent(paths.ROOT / "tests" / "network" / "intent.yaml")
    columns = sum(len(spec.listens) + len(spec.closed) + len(spec.services) for spec in intent.endpoints.values())
    rows = sum(spec.kind.value in {"workload", "scratch", "node"} for spec in intent.endpoints.values())
    assert rows * columns > 300
