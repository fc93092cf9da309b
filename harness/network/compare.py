"""The three-way comparison: what the intent says, what the evaluator computes and what the probe saw."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.network.evaluator import Evaluator, Verdict
    from harness.network.matrix import Cell

SAW_AN_ANSWER = frozenset({"open", "refused"})


class Status(enum.Enum):
    """How a cell stands."""

    AGREED = "agreed"
    DISAGREED = "disagreed"
    INVALID = "invalid"  # tried, but what was seen proves nothing
    UNTRIED = "untried"


@dataclass(frozen=True)
class Answer:
    """What a probe saw of one target: a verdict word of design.md, the milliseconds it took, and details."""

    verdict: str
    ms: float
    detail: str = ""


@dataclass(frozen=True)
class Outcome:
    """A cell with everything that is known of it.

    Attributes:
        cell: The flow and what the intent expects.
        computed: The evaluator's verdict.
        answer: What the probe saw, or None if nothing was tried.
        witness: For a timeout: the source that the same target answered in the same run.
        status: How it stands.
        message: Why it does not agree, or an empty string.
    """

    cell: Cell
    computed: Verdict
    answer: Answer | None
    witness: str | None
    status: Status
    message: str


def compare(cells: Sequence[Cell], evaluator: Evaluator, answers: Mapping[str, Answer] | None = None) -> list[Outcome]:
    """Set the three side by side.

    Args:
        cells: The matrix.
        evaluator: The policies.
        answers: What the probe saw, by the cell's id; None compares intent and evaluator alone.
    """
    witnesses = _witnesses(cells, answers or {})
    return [_outcome(cell, evaluator.verdict(cell.flow), answers, witnesses) for cell in cells]


def _outcome(
    cell: Cell, computed: Verdict, answers: Mapping[str, Answer] | None, witnesses: Mapping[str, list[str]]
) -> Outcome:
    answer = answers.get(cell.id) if answers is not None else None
    if answers is not None and answer is None:
        answer = Answer("invalid", 0.0, "the probe gave no answer")
    sides = wrong_sides(cell, computed)
    if sides:
        says = "allows" if cell.passes else "blocks"
        saw = f"; the probe saw {answer.verdict}" if answer is not None else ""
        message = (
            f"{cell.id}: the intent {says} it ({cell.reason}), the policies of the {' and the '.join(sides)} side "
            f"do not: {computed}{saw}"
        )
        return Outcome(cell, computed, answer, None, Status.DISAGREED, message)
    if answer is None:
        return Outcome(cell, computed, None, None, Status.UNTRIED, "")
    witness = next(iter(witnesses.get(str(cell.target), ())), None)
    status, message = _judge(cell, computed, answer, witness)
    return Outcome(cell, computed, answer, witness if answer.verdict == "timeout" else None, status, message)


def wrong_sides(cell: Cell, computed: Verdict) -> list[str]:
    """Return the sides of ours whose policies differ from the intent; each side must hold alone."""
    rulings = [ruling for ruling, ours in ((computed.egress, cell.ours[0]), (computed.ingress, cell.ours[1])) if ours]
    return [ruling.direction.value.lower() for ruling in rulings if ruling.allowed != cell.passes]


def _judge(cell: Cell, computed: Verdict, answer: Answer, witness: str | None) -> tuple[Status, str]:
    saw = answer.verdict + (f" ({answer.detail})" if answer.detail else "")
    if answer.verdict == "invalid":
        return Status.INVALID, f"{cell.id}: the probe failed: {answer.detail or 'no answer'}"
    if answer.verdict != cell.expected:
        if not cell.governed:
            said = f"{cell.id}: a control that should be {cell.expected} was {saw}; what relies on it proves nothing"
            return Status.INVALID, said
        said = f"{cell.id}: intent and policies say {cell.expected}, the probe saw {saw}; decided by {computed}"
        return Status.DISAGREED, said
    if answer.verdict == "timeout" and witness is None:
        said = f"{cell.id}: timed out, but the target answered nobody in this run: nothing shows that a policy did it"
        return Status.INVALID, said
    return Status.AGREED, ""


def _witnesses(cells: Sequence[Cell], answers: Mapping[str, Answer]) -> dict[str, list[str]]:
    """Return, by target, the sources that it answered as it should: those the intent allows, then controls."""
    found: dict[str, list[tuple[int, str]]] = {}
    for cell in cells:
        answer = answers.get(cell.id)
        if answer is None or answer.verdict not in SAW_AN_ANSWER or not cell.passes or answer.verdict != cell.expected:
            continue
        if cell.within:
            continue  # a pod's own traffic never leaves it, so it shows nothing of the network
        rank = 0 if cell.entry is not None else 1
        found.setdefault(str(cell.target), []).append((rank, cell.source))
    return {target: [name for _, name in sorted(names)] for target, names in found.items()}
