"""Judges the official Pod Security fixtures, wrapped in every kind: no false accept, no false reject.

The fixtures come with the module k8s.io/pod-security-admission that tools/pss-evaluator pins.
"""

from __future__ import annotations

import itertools
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import yaml

from harness import programs
from harness.errors import UserError
from harness.located import Place
from harness.policy import measured, rego
from harness.policy.model import Subject, SubjectSet
from harness.policy.subjects import Loader
from harness.policy.wrapping import TEMPLATES, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

VERSION = "v1.37"
LEVELS: tuple[Literal["baseline", "restricted"], ...] = ("baseline", "restricted")


@dataclass(frozen=True)
class Fixture:
    """One official pod.

    Attributes:
        level: The level at which it was made to pass or fail.
        allowed: Whether it passes.
        name: Its file's name without ending; it begins with the id of its check, in lower case.
        pod: The pod.
    """

    level: Literal["baseline", "restricted"]
    allowed: bool
    name: str
    pod: dict[str, Any]

    @property
    def check(self) -> str:
        """The official check that the fixture is about, in lower case."""
        return self.name.rstrip("0123456789")


@dataclass(frozen=True)
class Case:
    """What the gate said of one fixture in one kind."""

    fixture: Fixture
    kind: str
    rules: tuple[str, ...]
    expected_rule: bool

    @property
    def agrees(self) -> bool:
        """Whether the gate says what the official evaluator does, by the rule of the same control."""
        return not self.rules if self.fixture.allowed else self.expected_rule

    def line(self) -> str:
        """Return the case as one line."""
        official = "allows" if self.fixture.allowed else "refuses"
        return f"{self.fixture.level}/{self.fixture.name} as {self.kind}: the official evaluator {official} it; " + (
            f"the gate refuses it by {', '.join(self.rules)}" if self.rules else "the gate allows it"
        )


def fixtures_folder() -> Path:
    """Return the folder of the official fixtures."""
    return programs.ensure("pss-evaluator")["pss-evaluator"] / "fixtures"


def load(folder: Path) -> tuple[Fixture, ...]:
    """Read the fixtures of VERSION at both levels.

    Raises:
        UserError: There are none.
    """
    found = tuple(
        Fixture(level, verdict == "pass", file.stem, yaml.safe_load(file.read_text()))
        for level in LEVELS
        for verdict in ("pass", "fail")
        for file in sorted((folder / level / VERSION / verdict).glob("*.yaml"))
    )
    if not found:
        raise UserError(f"{folder}: expected official fixtures of {VERSION}, found none; see tools/programs.toml")
    return found


def judge(fixtures: Sequence[Fixture]) -> tuple[Case, ...]:
    """Judge each fixture in each kind with a pod, and as an item of a list."""
    ids = itertools.count()
    meant: dict[int, tuple[Fixture, str]] = {}
    sets: list[SubjectSet] = []
    for level in LEVELS:
        here = [fixture for fixture in fixtures if fixture.level == level]
        subjects = []
        for fixture in here:
            for kind in TEMPLATES:
                subject = _subject(next(ids), kind, wrap(kind, fixture.pod))
                meant[subject.id] = (fixture, kind)
                subjects.append(subject)
        for position, data in enumerate(listed(fixture.pod for fixture in here)):
            subject = _subject(next(ids), "Pod", data)
            meant[subject.id] = (here[position], "item of a List")
            subjects.append(subject)
        sets.append(SubjectSet(level, tuple(subjects), level=level))
    evaluation = rego.evaluate(sets, rules=("pss/*",), processes=2)
    refused: dict[int, set[str]] = {id_: set() for id_ in meant}
    for finding in evaluation.findings:
        refused[finding.subject_id].add(finding.rule_id)
    cases = []
    for id_, (fixture, kind) in meant.items():
        guards = {
            rule.id
            for rule in evaluation.rules.values()
            if fixture.check == rule.official.lower()
            or any(fixture.check == evaluation.rules[other].official.lower() for other in rule.overrides)
        }
        cases.append(Case(fixture, kind, tuple(sorted(refused[id_])), bool(refused[id_] & guards)))
    return tuple(cases)


def listed(pods: Iterable[dict[str, Any]]) -> list[Any]:
    """Put pods into a List, write it, and read it as the gate reads a file of someone's."""
    with tempfile.TemporaryDirectory(prefix="list-") as scratch:
        file = Path(scratch) / "list.yaml"
        file.write_text(
            yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [wrap("Pod", pod) for pod in pods]})
        )
        (one,) = Loader().paths([file])
    return [subject.data for subject in one.subjects]


def run(reports: Path, console: Console) -> int:
    """Measure, print, and keep the figure beside the reports."""
    start = time.monotonic()
    cases = judge(load(fixtures_folder()))
    wrong = [case for case in cases if not case.agrees]
    for case in wrong:
        console.print(f"[red]✗[/red] {case.line()}")
    false_accepts = sum(not case.fixture.allowed for case in wrong)
    figure = measured.Figure(
        "conformance",
        len(cases) - len(wrong),
        len(cases),
        f"official fixtures ({VERSION}, baseline and restricted, every kind) judged as the official evaluator does",
        measured.digest(),
    )
    measured.keep(reports, figure)
    (reports / "conformance.json").write_text(
        json.dumps({"version": VERSION, "cases": len(cases), "wrong": [case.line() for case in wrong]}, indent=1) + "\n"
    )
    console.print(
        f"{figure.line()}: {false_accepts} false accepts, {len(wrong) - false_accepts} false rejects "
        f"({time.monotonic() - start:.1f} s)"
    )
    return 1 if wrong else 0


def _subject(id_: int, kind: str, data: dict[str, Any]) -> Subject:
    metadata = data.get("metadata") or {}
    place = Place(str(metadata.get("name")), 1)
    return Subject(id_, "object", kind, "", str(metadata.get("name")), data, lambda _: place)
