"""The verdict as a person reads it in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from rich.console import Console

    from harness.policy.measured import Measured
    from harness.policy.model import Finding, Verdict

_STYLES = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan"}


def show(verdict: Verdict, measured: Measured, console: Console) -> None:
    """Print the findings, the waivers and the counts; the verdict comes last, where the eye is."""
    for rule_id, findings in _by_rule(verdict).items():
        rule = verdict.rules[rule_id]
        console.print(f"[{_STYLES[rule.severity]}]{rule.severity}[/] [bold]{rule_id}[/] {escape(rule.title)}")
        for finding in findings:
            console.print(f"    {escape(str(finding.place))}: {escape(finding.where())}: {escape(finding.message)}")
        console.print(f"    [dim]{escape(rule.remedy)}[/]")
    for problem in verdict.waiver_problems:
        console.print(f"[red]waiver[/red] {escape(problem)}")
    counts = Table(title="Judged", title_justify="left", expand=False)
    for heading in ("set", "level", "subjects", "findings", "waived"):
        counts.add_column(heading, justify="left" if heading in {"set", "level"} else "right", overflow="fold")
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


def _by_rule(verdict: Verdict) -> dict[str, list[Finding]]:
    """Return the open findings by rule; what several sets share, and what has one line in the sources, is told once."""
    found: dict[str, list[Finding]] = {}
    told = set()
    for finding in verdict.open:
        key = (finding.rule_id, finding.place, finding.where(), finding.message)
        if key not in told:
            told.add(key)
            found.setdefault(finding.rule_id, []).append(finding)
    return found
