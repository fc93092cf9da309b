"""The commands' side of the doctor: `doctor` prints what a machine has and lacks, `up` requires that nothing lacks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness import progress, settings
from harness.doctor import checks, facts
from harness.errors import UserError

if TYPE_CHECKING:
    import argparse

    from harness.doctor.checks import Finding
    from harness.settings import ClusterSettings

_MARKS = {
    checks.Level.GOOD: "[green]✓[/green]",
    checks.Level.NOTE: "[yellow]•[/yellow]",
    checks.Level.LACK: "[red]✗[/red]",
}
_NOTHING_WORKS = 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `doctor` to the command line."""
    parser = subparsers.add_parser("doctor", help="say what this machine has and lacks for each provider")
    settings.add_options(parser)
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a table for each provider, or for the chosen one; exit with 2 if a cluster can come from none of them."""
    # Every provider is looked at, whichever a running cluster comes from.
    chosen = settings.from_arguments(arguments, os.environ, recall=False)
    running = settings.record(chosen.name).is_file()
    seen = facts.gather((chosen.vote_port, chosen.result_port), running=running)
    providers = checks.PROVIDERS if chosen.provider is None else [chosen.provider]
    out = Console(highlight=False)
    works = []
    for name in providers:
        findings = checks.PROVIDERS[name](seen, chosen)
        out.print(table(name, findings))
        if not checks.lacks(findings):
            works.append(name)
    if works:
        out.print(f"A cluster can come from: {', '.join(works)}.")
        return 0
    out.print("No cluster can come up here: mend one provider's ✗ above.")
    return _NOTHING_WORKS


def table(provider: str, findings: list[Finding]) -> Table:
    """Return one provider's findings as a table."""
    lacking = len(checks.lacks(findings))
    verdict = "[green]can work[/green]" if not lacking else f"[red]lacks {lacking}[/red]"
    drawn = Table(title=f"{provider}: {verdict}", title_justify="left", title_style="bold")
    drawn.add_column("")
    for heading in ("needs", "found", "remedy"):
        drawn.add_column(heading, overflow="fold")
    for finding in findings:
        drawn.add_row(_MARKS[finding.level], *map(escape, (finding.need, finding.found, finding.remedy)))
    return drawn


def require(provider: str, chosen: ClusterSettings, *, running: bool = False) -> None:
    """Make sure that this machine has what a provider needs.

    Args:
        provider: The provider.
        chosen: The cluster's settings.
        running: Whether the cluster runs already, so that its two ports are taken by itself.

    Raises:
        UserError: Something lacks; each lack has been printed, one line each, with its remedy.
    """
    seen = facts.gather((chosen.vote_port, chosen.result_port), running=running)
    missing = checks.lacks(checks.PROVIDERS[provider](seen, chosen))
    for finding in missing:
        progress.console.print(
            f"[red]✗[/red] {escape(finding.need)}: {escape(finding.found)}; {escape(finding.remedy)}"
        )
    if missing:
        needs = ", ".join(finding.need for finding in missing)
        raise UserError(f"provider {provider}: this machine lacks {needs}; `./nox -s doctor` says more")
