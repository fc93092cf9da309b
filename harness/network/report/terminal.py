"""The matrix and the summary as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from harness.network.report.symbols import SYMBOLS, symbol

if TYPE_CHECKING:
    from rich.console import Console

    from harness.network.result import Run

_FAILURES_SHOWN = 20


def show(run: Run, out: Console) -> None:
    """Print a run: the matrix, what its symbols mean, the summary, and what failed."""
    out.print(_matrix(run))
    out.print(Text("  ").join(Text(f"{each.character} {each.words}", style=each.style) for each in SYMBOLS))
    for heading, sentence in run.summary():
        out.print(Text.assemble((f"{heading}: ", "bold"), sentence))
    failures = run.failures
    for failure in failures[:_FAILURES_SHOWN]:
        out.print(Text.assemble(("✗ ", "bold red"), failure))
    if len(failures) > _FAILURES_SHOWN:
        out.print(f"… and {len(failures) - _FAILURES_SHOWN} more; the HTML report has them all")


def _matrix(run: Run) -> Table:
    """Return the table: a row a source, a column an endpoint, a symbol a port."""
    endpoints = list(dict.fromkeys(target.endpoint for target in run.targets))
    table = Table(title=f"Network paths of the overlay {run.overlay}", title_justify="left", pad_edge=False)
    table.add_column("from \\ to", no_wrap=True)
    for endpoint in endpoints:
        table.add_column(endpoint, no_wrap=True, overflow="fold")
    cells = {(outcome.cell.source, str(outcome.cell.target)): outcome for outcome in run.outcomes}
    for source in run.sources:
        row = []
        for endpoint in endpoints:
            text = Text()
            for target in run.targets:
                if target.endpoint == endpoint:
                    shown = symbol(cells[source, str(target)])
                    text.append(shown.character, shown.style)
            row.append(text)
        table.add_row(source, *row)
    return table
