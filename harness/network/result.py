"""The result of one run: what was compared, proved, measured and tried, and what of it failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.network.compare import Status

if TYPE_CHECKING:
    from harness.network.compare import Outcome
    from harness.network.enforcement import Enforcement
    from harness.network.intent import Intent
    from harness.network.live import LiveFate
    from harness.network.matrix import Target
    from harness.network.mutation import Score
    from harness.network.rights import Guard, Right
    from harness.network.universal import Proof

LIMIT_PROBING_S = 6.0


@dataclass(frozen=True)
class Run:
    """Everything that the reports tell.

    Attributes:
        provider: Where the cluster came from, or an empty string if none was asked.
        overlay: Which manifests were judged.
        intent: The table, with the cluster's own addresses.
        targets: The columns.
        outcomes: Every cell.
        proof: The universal check.
        score: The mutants.
        rights: What labels grant.
        guards: What decides who may wear them.
        probing_s: Seconds that trying the matrix took, or None if nothing was tried.
        enforcement: How soon policies act, or None.
        live: The live mutants.
    """

    provider: str
    overlay: str
    intent: Intent
    targets: tuple[Target, ...]
    outcomes: tuple[Outcome, ...]
    proof: Proof
    score: Score
    rights: tuple[Right, ...] = ()
    guards: tuple[Guard, ...] = ()
    probing_s: float | None = None
    enforcement: Enforcement | None = None
    live: tuple[LiveFate, ...] = field(default=())

    @property
    def sources(self) -> tuple[str, ...]:
        """The rows, in the table's order."""
        return tuple(dict.fromkeys(outcome.cell.source for outcome in self.outcomes))

    @property
    def counts(self) -> dict[str, int]:
        """How many cells stand how."""
        return {status.value: sum(each.status is status for each in self.outcomes) for status in Status}

    @property
    def failures(self) -> list[str]:
        """One line for everything that is wrong; empty if the run passes."""
        found = [outcome.message for outcome in self.outcomes if outcome.message]
        found += [f"universal check: {example}" for example in self.proof.counterexamples]
        found += [f"mutant survived: {fate.mutant}: {fate.evidence}" for fate in self.score.survivors]
        found += [f"live mutant unnoticed: {fate.mutant}: {fate.seen}" for fate in self.live if fate.noticed_s is None]
        if not self.outcomes:
            found.append("nothing was compared: the matrix is empty")
        return found

    def summary(self) -> list[tuple[str, str]]:
        """Return what there is to say in a few lines: a heading and a sentence each."""
        counts, proof = self.counts, self.proof
        lines = [("Matrix", f"{len(self.outcomes)} flows: {_counted(counts)}")]
        possible = (
            f"{proof.flows} classes of flows ({proof.endpoint_classes} of endpoints from {proof.candidates} "
            f"combinations, {proof.port_classes} of ports): {len(proof.counterexamples)} counterexamples"
        )
        lines.append(("Every possible pod", possible))
        lines.append(("Mutation", f"{self.score}, {len(self.score.survivors)} survived"))
        if self.probing_s is not None:
            tried = len(self.outcomes) - counts["untried"]
            late = "" if self.probing_s <= LIMIT_PROBING_S else f", more than the {LIMIT_PROBING_S:g} s it should take"
            lines.append(("Probing", f"{tried} flows tried in {self.probing_s:.1f} s{late}"))
        if self.live:
            noticed = sum(fate.noticed_s is not None for fate in self.live)
            lines.append(("Live mutants", f"{noticed} of {len(self.live)} noticed by the probe, every policy put back"))
        if self.enforcement is not None:
            lines.append(("Enforcement", str(self.enforcement)))
        return lines


def _counted(counts: dict[str, int]) -> str:
    if counts["untried"] == sum(counts.values()) - counts["disagreed"]:
        return f"intent and policies differ on {counts['disagreed']}; none was tried on a cluster"
    return ", ".join(f"{count} {status}" for status, count in counts.items() if count or status != "untried")
