"""Measures the rules: every broken hardening field must be refused, and by the rule that guards it."""

from __future__ import annotations

import itertools
import json
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.policy import measured, rego
from harness.policy.model import WORKLOAD_KINDS, SubjectSet
from harness.policy.mutants import Mutant, of_set
from harness.policy.subjects import Loader

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rich.console import Console


EVERY_RULE = ("*/*",)
_Said = tuple[str, str, str, str]  # rule, kind, name, container


@dataclass(frozen=True)
class Result:
    """What became of one mutant.

    Attributes:
        mutant: The mutant.
        new: The rules that refuse it and did not refuse the original.
        equivalent: Why it is no worse than the original; empty where it is.
    """

    mutant: Mutant
    new: frozenset[str]
    equivalent: str = ""

    @property
    def killed(self) -> bool:
        """Whether a rule that guards the field refused it."""
        return bool(self.new & self.mutant.rules)


def mutants(sets: Iterable[SubjectSet]) -> list[Mutant]:
    """Return every mutant of the sets."""
    seen: set[str] = set()
    return [mutant for one in sets for mutant in of_set(one, seen)]


def judge(found: Sequence[Mutant]) -> list[Result]:
    """Judge mutants beside the sets that they came from.

    Broken workloads are judged by every rule; other broken objects come with every workload of their overlay, so they
    are judged only by the rules that guard them.
    """
    workloads = [mutant for mutant in found if _kind(mutant) in WORKLOAD_KINDS]
    others = [mutant for mutant in found if _kind(mutant) not in WORKLOAD_KINDS]
    said = _judge(workloads, EVERY_RULE)
    guards = {rule for mutant in others for rule in mutant.rules}
    files = {rule.id: rule.file for rule in rego.evaluate([]).rules.values() if rule.id in guards} if others else {}
    said |= _judge(others, [file.removeprefix("policies/rules/").removesuffix(".rego") for file in files.values()])
    return [said[id(mutant)] for mutant in found]


def _kind(mutant: Mutant) -> str:
    return next(subject.kind for subject in mutant.original.subjects if subject.id == mutant.id)


def _judge(found: Sequence[Mutant], rules: Sequence[str]) -> dict[int, Result]:
    if not found:
        return {}
    names, ids = itertools.count(), itertools.count()
    owner: dict[int, int] = {}
    sets: list[SubjectSet] = []

    def add(one: SubjectSet) -> int:
        number = next(names)
        subjects = []
        for subject in one.subjects:
            fresh = replace(subject, id=next(ids))
            owner[fresh.id] = number
            subjects.append(fresh)
        sets.append(SubjectSet(f"{number}", tuple(subjects), one.level, one.production))
        return number

    originals = {id(mutant.original): mutant.original for mutant in found}
    numbers = {key: add(original) for key, original in originals.items()}
    changed = [add(mutant.changed) for mutant in found]
    said: dict[int, set[_Said]] = {number: set() for number in range(len(sets))}
    by_id = {subject.id: subject for one in sets for subject in one.subjects}
    for finding in rego.evaluate(sets, rules=rules, processes=2).findings:
        subject = by_id[finding.subject_id]
        # A message may quote the broken value; the object and container say enough to tell new findings from old ones.
        said[owner[subject.id]].add((finding.rule_id, subject.kind, subject.name, finding.container))
    results = {}
    for mutant, number in zip(found, changed, strict=True):
        before = said[numbers[id(mutant.original)]]
        new = frozenset(rule for rule, *_ in said[number] - before)
        results[id(mutant)] = Result(mutant, new, "" if new & mutant.rules else _equivalent(mutant, before))
    return results


def _equivalent(mutant: Mutant, before: set[_Said]) -> str:
    """Say why a mutant that nothing refuses anew is no worse than the original; or nothing, where it is worse."""
    subject = next(subject for subject in mutant.original.subjects if subject.id == mutant.id)
    if any(rule in mutant.rules and (kind, name) == (subject.kind, subject.name) for rule, kind, name, _ in before):
        return "the original is refused by the same rule, and waived"
    if mutant.what.endswith(" removed") and mutant.rules == frozenset({"ING-BACKEND"}):
        names = json.dumps([subject.data for subject in mutant.original.subjects if subject.kind == "Ingress"])
        if f'"name": "{subject.name}"' not in names:
            return "no Ingress leads to this Service"
    if "NET-OWN-POLICY" in mutant.rules:
        spec = subject.data["spec"]
        if not spec.get("podSelector") and (spec.get("ingress") or spec.get("egress")):
            return "a policy that only allows: without it less may pass"
    return ""


def run(reports: Path, console: Console) -> int:
    """Measure, print the survivors, and keep the figure beside the reports."""
    start = time.monotonic()
    results = judge(mutants(Loader().project()))
    counted = [result for result in results if not result.equivalent]
    survivors = [result for result in counted if not result.killed]
    for result in survivors:
        rules = ", ".join(sorted(result.mutant.rules))
        said = f"refused by {', '.join(sorted(result.new))} alone" if result.new else "allowed"
        console.print(f"[red]survivor[/red] {result.mutant.what}: {said}; expected {rules}")
    equivalents = [result for result in results if result.equivalent]
    for reason in sorted({result.equivalent for result in equivalents}):
        number = sum(result.equivalent == reason for result in equivalents)
        console.print(f"  equivalent, not counted: {number} because {reason}")
    figure = measured.Figure(
        "mutation",
        len(counted) - len(survivors),
        len(counted),
        "broken fields refused by the rule that guards them",
        measured.digest(),
    )
    measured.keep(reports, figure)
    (reports / "mutation.json").write_text(
        json.dumps(
            {
                "mutants": len(results),
                "equivalent": {result.mutant.what: result.equivalent for result in equivalents},
                "survivors": [result.mutant.what for result in survivors],
            },
            indent=1,
        )
        + "\n"
    )
    console.print(f"{figure.line()} ({time.monotonic() - start:.1f} s)")
    return 1 if survivors else 0
