"""Markdown for a job's summary: the verdict first, then what to mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.policy.measured import Measured
    from harness.policy.model import Verdict

_SHOWN = 50


def markdown(verdict: Verdict, measured: Measured) -> str:
    """Return the summary; at most 50 findings are listed, and the rest counted."""
    lines = [
        f"## Policy gate: {'passed' if verdict.passed else 'failed'}",
        "",
        _judged(verdict),
        "",
        *(f"- {line}" for line in measured.lines()),
        "",
    ]
    if verdict.open:
        lines += ["| severity | rule | what | finding | where |", "| --- | --- | --- | --- | --- |"]
        for finding in verdict.open[:_SHOWN]:
            rule = verdict.rules[finding.rule_id]
            cells = (rule.severity, f"[{rule.id}]({rule.link})", finding.where(), finding.message, f"`{finding.place}`")
            lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
        if len(verdict.open) > _SHOWN:
            lines.append(f"\n… and {len(verdict.open) - _SHOWN} more.")
        lines.append("")
    if verdict.waiver_problems:
        lines += ["### Waivers to mend", "", *(f"- {problem}" for problem in verdict.waiver_problems), ""]
    if verdict.waivers:
        lines += ["### Waivers", "", "| rules | object | owner | until | reason |", "| --- | --- | --- | --- | --- |"]
        for waiver in verdict.waivers:
            target = f"{waiver.kind}/{waiver.name}" if waiver.kind else waiver.name
            reason = " ".join(waiver.reason.split()).replace("|", "\\|")
            lines.append(f"| {', '.join(waiver.rules)} | {target} | {waiver.owner} | {waiver.expires} | {reason} |")
        lines.append("")
    return "\n".join(lines)


def _judged(verdict: Verdict) -> str:
    counts = verdict.counts
    parts = (
        f"{counts.objects} objects with {counts.pods} pods and {counts.containers} containers",
        f"{counts.containerfiles} Containerfiles",
        f"{counts.composes} compose files",
        f"{counts.workflows} workflows",
    )
    found = f"{len(verdict.open)} findings, {len(verdict.waived)} waived"
    return f"{counts.subjects} subjects ({', '.join(parts)}) judged by {len(verdict.rules)} rules: {found}."
