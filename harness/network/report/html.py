"""One HTML page: the matrix as a picture, each cell opening to its evidence; self-contained, without scripts."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2

from harness.network.report.symbols import SYMBOLS, symbol
from harness.network.universal import pod_manifest

if TYPE_CHECKING:
    from harness.network.result import Run

_TEMPLATE = Path(__file__).with_name("matrix.html.j2")


def html(run: Run) -> str:
    """Return a run as an HTML page."""
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    template = environment.from_string(_TEMPLATE.read_text())
    cells = {(outcome.cell.source, str(outcome.cell.target)): outcome for outcome in run.outcomes}
    groups = [(name, list(targets)) for name, targets in groupby(run.targets, key=lambda target: target.endpoint)]
    firsts = {str(targets[0]) for _, targets in groups}
    return template.render(
        run=run,
        failures=run.failures,
        summary=run.summary(),
        symbols=SYMBOLS,
        groups=groups,
        rows=[(source, [(target, cells[source, str(target)]) for target in run.targets]) for source in run.sources],
        firsts=firsts,
        symbol=symbol,
        namespaces={name: spec.namespace for name, spec in run.intent.endpoints.items()},
        counterexamples=[(str(example), pod_manifest(example)) for example in run.proof.counterexamples],
    )
