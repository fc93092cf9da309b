"""The matrix and the summary as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich import box
from rich.table import Table
from rich.text import Text

from harness.network.report.symbols import SYMBOLS, symbol

if TYPE_CHECKING:
    from rich.console import Console

    from harness.network.result import Run

_FAILURES_SHOWN = 20
_CORNER = "from \\ to"
_BORDER = 3


def show(run: Run, out: Console) -> None:
    """Print a run: the matrix, what its symbols mean, the summary, and what failed."""
    for endpoints in _pages(run, out.width):
        out.print(_matrix(run, endpoints))
    out.print(Text("  ").join(Text(f"{each.character} {each.words}", style=each.style) for each in SYMBOLS))
    for heading, sentence in run.summary():
        out.print(Text.assemble((f"{heading}: ", "bold"), sentence))
    failures = run.failures
    for failure in failures[:_FAILURES_SHOWN]:
        out.print(Text.assemble(("✗ ", "bold red"), failure))
    if len(failures) > _FAILURES_SHOWN:
        out.print(f"… and {len(failures) - _FAILURES_SHOWN} more; the HTML report has them all")


def _pages(run: Run, width: int) -> list[list[str]]:
    """Split the columns into tables that fit the terminal: a cut-off column would look like nothing to see."""
    ports: dict[str, int] = {}
    for target in run.targets:
        ports[target.endpoint] = ports.get(target.endpoint, 0) + 1
    first = max(map(len, [_CORNER, *run.sources])) + _BORDER
    pages: list[list[str]] = [[]]
    used = first
    for endpoint, count in ports.items():
        needed = max(len(endpoint), count) + _BORDER
        if pages[-1] and used + needed > width:
            pages.append([])
            used = first
        pages[-1].append(endpoint)
        used += needed
    return pages


def _matrix(run: Run, endpoints: list[str]) -> Table:
    """Return a table: a row a source, a column an endpoint, a symbol a port."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(_CORNER, no_wrap=True)
    for endpoint in endpoints:
        table.add_column(endpoint, no_wrap=True)
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
