"""Measures the comparison itself: every mutant of the policies must be caught, or be shown to change nothing at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.network.classes import classes
from harness.network.compare import wrong_sides
from harness.network.evaluator import Evaluator
from harness.network.model import Direction
from harness.network.mutants import Mutant, mutants
from harness.network.universal import IntentMasks, differences, same_everywhere

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.network.intent import Intent
    from harness.network.matrix import Cell
    from harness.network.model import Policy


@dataclass(frozen=True)
class Fate:
    """What became of a mutant.

    Attributes:
        mutant: The mutant.
        caught_by: `matrix` if a cell of it differs, `universal` if only a possible pod does, or an empty string.
        evidence: The first flow that gave it away; of an equivalent the reason, of a survivor the missing expectation.
        equivalent: Whether no possible flow changes, so that there is nothing to catch.
    """

    mutant: Mutant
    caught_by: str
    evidence: str
    equivalent: bool = False

    @property
    def survived(self) -> bool:
        """Whether it changes something that nobody noticed."""
        return not self.caught_by and not self.equivalent


@dataclass(frozen=True)
class Score:
    """The fates of all mutants."""

    fates: tuple[Fate, ...]

    @property
    def caught(self) -> int:
        """How many were caught."""
        return sum(bool(fate.caught_by) for fate in self.fates)

    @property
    def equivalents(self) -> tuple[Fate, ...]:
        """Those that change nothing."""
        return tuple(fate for fate in self.fates if fate.equivalent)

    @property
    def survivors(self) -> tuple[Fate, ...]:
        """Those that nobody noticed."""
        return tuple(fate for fate in self.fates if fate.survived)

    def __str__(self) -> str:
        total = len(self.fates) - len(self.equivalents)
        return f"{self.caught} of {total} mutants caught, {len(self.equivalents)} equivalent"


def measure(
    policies: Sequence[Policy], intent: Intent, cells: Sequence[Cell], namespaces: Mapping[str, Mapping[str, str]]
) -> Score:
    """Judge every mutant of the policies by the matrix and, where that sees nothing, by the universal check."""
    ground = _Ground(policies, intent, cells, namespaces, IntentMasks(intent, classes(policies, intent, namespaces)))
    return Score(tuple(_fate(mutant, ground) for mutant in mutants(policies)))


def first_changed(mutant: Mutant, policies: Sequence[Policy], cells: Sequence[Cell]) -> list[Cell]:
    """Return the cells whose verdict the mutant turns."""
    before, after = Evaluator(policies), Evaluator(mutant.applied(policies))
    return [cell for cell in cells if before.verdict(cell.flow).allowed != after.verdict(cell.flow).allowed]


@dataclass(frozen=True)
class _Ground:
    policies: Sequence[Policy]
    intent: Intent
    cells: Sequence[Cell]
    namespaces: Mapping[str, Mapping[str, str]]
    known: IntentMasks


def _fate(mutant: Mutant, ground: _Ground) -> Fate:
    changed = mutant.applied(ground.policies)
    evaluator = Evaluator(changed)
    for cell in ground.cells:
        wrong = wrong_sides(cell, evaluator.verdict(cell.flow))
        if wrong:
            turned = "blocked" if cell.passes else "let pass"
            return Fate(mutant, "matrix", f"{cell.id} now {turned} on the {' and the '.join(wrong)} side")
    for example in differences(changed, ground.known):
        return Fate(mutant, "universal", str(example))
    # The mutant may draw lines where the policies draw none: cut the world by both.
    world = classes([*ground.policies, *changed], ground.intent, ground.namespaces)
    for example in differences(changed, IntentMasks(ground.intent, world)):
        return Fate(mutant, "universal", str(example))
    if same_everywhere(ground.policies, changed, world):
        flows = len(world.endpoints) * len(world.destinations) * len(world.ports)
        why = _why_equivalent(mutant, ground.policies)
        return Fate(mutant, "", f"none of {flows} classes of flows changes: {why}", equivalent=True)
    return Fate(
        mutant, "", "it changes flows that have no end in a governed namespace: the intent says nothing of them"
    )


def _why_equivalent(mutant: Mutant, policies: Sequence[Policy]) -> str:
    original, mutated = mutant.original, mutant.mutated
    lost = original.types - (mutated.types if mutated is not None else frozenset())
    if lost:
        others = [
            f"{policy.key} ({policy.place})"
            for policy in policies
            if policy is not original
            and policy.namespace == original.namespace
            and lost <= policy.types
            and not policy.selector.requirements
        ]
        said = " and ".join(direction.value.lower() for direction in Direction if direction in lost)
        rules = (
            "has no rule there"
            if not any(original.rules(direction) for direction in lost)
            else "has rules that others repeat"
        )
        return (
            f"for {said} it {rules}, and its pods are isolated by {', '.join(others) or 'other policies'} all the same"
        )
    return "another rule allows the same flows"
