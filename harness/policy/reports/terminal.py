"""The verdict as a person reads it in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from harness.policy.measured import Measured
    from harness.policy.model import Verdict

_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


def show(verdict: Verdict, measured: Measured, console: Console) -> None:
    """Print the findings, the waivers and the counts; the verdict comes last, where the eye is."""
    if verdict.open:
        table = Table(title="Findings", title_justify="left", expand=False)
        for heading in ("severity", "rule", "what", "finding", "where"):
            table.add_column(heading, overflow="fold")
        for finding in verdict.open:
            rule = verdict.rules[finding.rule_id]
            severity = f"[{_STYLES[rule.severity]}]{rule.severity}[/]"
            table.add_row(
                severity, rule.id, escape(finding.where()), escape(finding.message), escape(str(finding.place))
            )
        console.print(table)
        for rule_id in dict.fromkeys(finding.rule_id for finding in verdict.open):
            console.print(f"  {rule_id}: {escape(verdict.rules[rule_id].remedy)}")
    for problem in verdict.waiver_problems:
        console.print(f"[red]waiver[/red] {escape(problem)}")
    counts = Table(title="Judged", title_justify="left", expand=False)
    for heading in ("set", "level", "subjects", "findings", "waived"):
        counts.add_column(heading, justify="left" if heading in {"set", "level"} else "right")
    for one in verdict.sets:
        found = [finding for finding in verdict.findings if finding.set_name == one.name]
        waived = sum(finding.waiver is not None for finding in found)
        level = f"{one.level}, production" if one.production else one.level
        counts.add_row(one.name, level, str(len(one.subjects)), str(len(found) - waived), str(waived))
    console.print(counts)
    for line in measured.lines():
        console.print(f"  {line}")
    for engine, seconds in verdict.seconds.items():
        number = sum(rule.engine == engine for rule in verdict.rules.values())
        console.print(f"  {engine}: {number} rules in {seconds:.2f} s")
    total = verdict.counts
    summary = (
        f"{total.subjects} subjects, {total.pods} pods, {total.containers} containers, {len(verdict.rules)} rules: "
        f"{len(verdict.open)} findings, {len(verdict.waived)} waived, {len(verdict.waiver_problems)} waivers to mend"
    )
    console.print(f"[bold green]passed[/] {summary}" if verdict.passed else f"[bold red]failed[/] {summary}")
