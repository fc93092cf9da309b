"""The three-way comparison: only what was seen to fail for the right reason counts as blocked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.network.compare import Answer, Status, compare
from harness.network.declared import read_declared
from harness.network.evaluator import Evaluator
from harness.network.matrix import actors, matrix

from .conftest import POLICIES, WORKLOADS

if TYPE_CHECKING:
    from harness.network.compare import Outcome
    from harness.network.declared import Declared
    from harness.network.intent import Intent
    from harness.network.matrix import Cell


def _good(cells: list[Cell]) -> dict[str, Answer]:
    return {cell.id: Answer(cell.expected, 1.0) for cell in cells}


def _one(outcomes: list[Outcome], name: str) -> Outcome:
    return next(outcome for outcome in outcomes if outcome.cell.id == name)


def test_without_a_cluster_intent_and_policies_are_compared(cells: list[Cell], declared: Declared) -> None:
    """What agrees is untried, nothing more."""
    assert {outcome.status for outcome in compare(cells, Evaluator(declared.policies))} == {Status.UNTRIED}


def test_three_that_agree_agree(cells: list[Cell], declared: Declared) -> None:
    """Every expected answer makes every cell agree, and each timeout has a witness that the same target answered."""
    outcomes = compare(cells, Evaluator(declared.policies), _good(cells))
    assert {outcome.status for outcome in outcomes} == {Status.AGREED}
    assert _one(outcomes, "data -> page:80/TCP").witness == "node"
    assert _one(outcomes, "elsewhere -> data:5432/TCP").witness == "node"
    assert _one(outcomes, "page -> internet:80/TCP").witness == "elsewhere"


def test_a_witness_that_the_intent_allows_comes_before_a_control(cells: list[Cell], declared: Declared) -> None:
    """An ordinary pod that got through says more than a control."""
    outcomes = compare(cells, Evaluator(declared.policies), _good(cells))
    assert _one(outcomes, "data -> elsewhere:8080/TCP").witness == "node"
    assert _one(outcomes, "elsewhere -> data:5432/TCP by data").witness in {"node", "page"}


def test_a_timeout_of_a_target_that_answered_nobody_is_invalid(cells: list[Cell], declared: Declared) -> None:
    """A dead target looks blocked from everywhere; that is no evidence."""
    answers = _good(cells) | {
        cell.id: Answer("timeout", 1500.0) for cell in cells if cell.target.endpoint == "internet"
    }
    outcomes = compare(cells, Evaluator(declared.policies), answers)
    seen = _one(outcomes, "page -> internet:80/TCP")
    assert seen.status is Status.INVALID
    assert "answered nobody" in seen.message
    assert _one(outcomes, "elsewhere -> internet:80/TCP").status is Status.INVALID


def test_a_pods_own_traffic_is_no_witness(cells: list[Cell], declared: Declared) -> None:
    """What never left the pod shows nothing of the network."""
    answers = _good(cells)
    for cell in cells:
        if cell.target.endpoint == "data" and cell.source in {"node", "page"}:
            answers[cell.id] = Answer("timeout", 1500.0)
    seen = _one(compare(cells, Evaluator(declared.policies), answers), "elsewhere -> data:5432/UDP")
    assert seen.status is Status.INVALID


@pytest.mark.parametrize("verdict", ["open", "refused", "dns-failure"])
def test_nothing_but_a_timeout_is_blocked(cells: list[Cell], declared: Declared, verdict: str) -> None:
    """A refusal was an answer, and a failed look-up proves nothing; the message names flow, policy and file:line."""
    answers = _good(cells) | {"data -> page:80/TCP": Answer(verdict, 1.0, "as seen")}
    seen = _one(compare(cells, Evaluator(declared.policies), answers), "data -> page:80/TCP")
    assert seen.status is Status.DISAGREED
    assert f"the probe saw {verdict} (as seen)" in seen.message
    assert "shop/data at shop.yaml:" in seen.message


def test_a_listener_that_refuses_is_a_disagreement(cells: list[Cell], declared: Declared) -> None:
    """An allowed flow to a dead listener is not taken for open."""
    answers = _good(cells) | {"page -> data:5432/TCP": Answer("refused", 1.0)}
    assert (
        _one(compare(cells, Evaluator(declared.policies), answers), "page -> data:5432/TCP").status is Status.DISAGREED
    )


def test_a_failed_probe_is_invalid(cells: list[Cell], declared: Declared) -> None:
    """A probe that failed or gave no answer is never a blocked flow."""
    answers = _good(cells) | {"data -> page:80/TCP": Answer("invalid", 0.0, "exec failed")}
    del answers["data -> page:81/TCP"]
    outcomes = compare(cells, Evaluator(declared.policies), answers)
    assert _one(outcomes, "data -> page:80/TCP").status is Status.INVALID
    assert "exec failed" in _one(outcomes, "data -> page:80/TCP").message
    assert _one(outcomes, "data -> page:81/TCP").status is Status.INVALID


@pytest.mark.parametrize(
    ("old", "new", "flow", "side"),
    [
        ("ports: [{port: 5432}]\n---", "ports: [{port: 5433}]\n---", "page -> data:5432/TCP", "egress"),
        ("{podSelector: {matchLabels: {app: page}}}]", "{podSelector: {}}]", "data -> page:80/TCP", ""),
        ("except: [10.244.0.0/16]", "except: []", "elsewhere -> page:80/TCP", "ingress"),
    ],
)
def test_policies_that_differ_from_the_intent_are_named(
    intent: Intent, old: str, new: str, flow: str, side: str
) -> None:
    """The message has the flow, the side, the policy and its line; an unrelated flow stays agreed."""
    assert old in POLICIES
    declared = read_declared(WORKLOADS + POLICIES.replace(old, new), "shop.yaml")
    cells = matrix(intent, actors(intent, declared))
    outcome = _one(compare(cells, Evaluator(declared.policies)), flow)
    if not side:
        assert outcome.status is Status.UNTRIED
        return
    assert outcome.status is Status.DISAGREED
    assert f"the policies of the {side} side do not" in outcome.message
    assert "shop/page at shop.yaml:" in outcome.message


def test_each_side_must_hold_alone(intent: Intent) -> None:
    """A flow that only the other side still blocks is a disagreement: one mistake more and it is open."""
    wide = POLICIES.replace("- to: [{podSelector: {matchLabels: {app: data}}}]\n      ports: [{port: 5432}]", "- {}")
    declared = read_declared(WORKLOADS + wide, "shop.yaml")
    cells = matrix(intent, actors(intent, declared))
    outcome = _one(compare(cells, Evaluator(declared.policies)), "page -> data:5432/UDP")
    assert not outcome.computed.allowed
    assert outcome.status is Status.DISAGREED
