"""A self-contained HTML page: controls by workloads as a picture, findings, waivers, rules. It needs no JavaScript."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from harness.policy.model import SEVERITIES
from harness.policy.reports.matrix import GROUPS, Cell, applicable, cells, group_of, workloads

if TYPE_CHECKING:
    from datetime import datetime

    from harness.policy.measured import Measured
    from harness.policy.model import Finding, Rule, Subject, SubjectSet, Verdict

_TEMPLATE = Path(__file__).with_name("report.html.j2")
_SYMBOLS = {"pass": "✓", "fail": "✗", "waived": "◐", "none": "·"}
_WORDS = {"pass": "passes", "fail": "fails", "waived": "waived", "none": "not judged"}


@dataclass(frozen=True)
class Row:
    """A rule, and what it said of each workload; None where it does not judge that one."""

    rule: Rule
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class Picture:
    """The controls by the workloads of every set."""

    columns: tuple[tuple[SubjectSet, tuple[Subject, ...]], ...]
    groups: tuple[tuple[str, tuple[Row, ...]], ...]

    @property
    def width(self) -> int:
        """The number of workloads."""
        return sum(len(subjects) for _, subjects in self.columns)

    @property
    def judged(self) -> tuple[Cell, ...]:
        """The cells that say something."""
        return tuple(cell for _, rows in self.groups for row in rows for cell in row.cells if cell is not None)

    @property
    def passing(self) -> int:
        """The number of cells that pass."""
        return sum(cell.status == "pass" for cell in self.judged)


def html(verdict: Verdict, measured: Measured, now: datetime) -> str:
    """Return the page.

    Args:
        verdict: What the gate said.
        measured: What the rules themselves were measured at.
        now: The time that the page shows.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(_TEMPLATE.read_text())
    numbers = {id(finding): number for number, finding in enumerate(verdict.findings, start=1)}
    return template.render(
        verdict=verdict,
        picture=_picture(verdict),
        short=lambda name: name.rstrip("/").rpartition("/")[2],
        measured=measured,
        now=now.strftime("%Y-%m-%d %H:%M %Z").strip(),
        severities=[(severity, _count(verdict, severity)) for severity in SEVERITIES],
        groups=[
            (title, [rule for rule in verdict.rules.values() if group_of(rule.id) == title])
            for title in GROUPS.values()
        ],
        symbols=_SYMBOLS,
        words=_WORDS,
        number=lambda finding: numbers[id(finding)],
        anchor=lambda findings: _anchor(findings, numbers),
    )


def _picture(verdict: Verdict) -> Picture:
    columns = tuple((one, workloads(one)) for one in verdict.sets if workloads(one))
    rows = []
    for rule in verdict.rules.values():
        if rule.judges != "workloads" or not applicable(verdict, rule):
            continue
        said = {cell.subject.id: cell for one, _ in columns for cell in cells(verdict, one, rule)}
        if said:
            rows.append(Row(rule, tuple(said.get(subject.id) for _, subjects in columns for subject in subjects)))
    groups = tuple((title, tuple(row for row in rows if group_of(row.rule.id) == title)) for title in GROUPS.values())
    return Picture(columns, tuple((title, found) for title, found in groups if found))


def _count(verdict: Verdict, severity: str) -> int:
    return sum(verdict.rules[finding.rule_id].severity == severity for finding in verdict.open)


def _anchor(findings: tuple[Finding, ...], numbers: dict[int, int]) -> str:
    return f"#finding-{numbers[id(findings[0])]}" if findings else ""
