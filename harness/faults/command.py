"""The command `faults`."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from harness import paths
from harness.errors import UserError
from harness.faults import catalogue, trial
from harness.faults.trial import Outcome
from harness.progress import Plan

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from harness.faults.catalogue import Fault
    from harness.faults.trial import Fate

REPORT = paths.REPORTS / "faults" / "faults.json"
_out = Console(highlight=False, soft_wrap=True)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `faults` to the command line."""
    parser = subparsers.add_parser("faults", help="break the source on purpose: the test that guards it has to fail")
    parser.add_argument("only", nargs="*", metavar="ID", help="these faults of tests/faults.toml; by default all")
    parser.add_argument("--list", action="store_true", help="say which faults there are, and try none")
    parser.set_defaults(func=faults)


def faults(arguments: argparse.Namespace) -> int:
    """Try faults; 1 means that one was not caught, or could not be tried."""
    chosen = choose(catalogue.load(), arguments.only)
    if arguments.list:
        for fault in chosen:
            _out.print(f"{fault.id}: {escape(fault.breaks)} ({escape(fault.caught_by)})")
        return 0
    plan = Plan("faults", len(chosen) + 1)
    with tempfile.TemporaryDirectory(prefix="ballotbox-faults-") as folder:
        copy = trial.Copy(Path(folder))
        try:
            with plan.step("the tests concerned, with nothing broken"):
                _require_whole(copy, chosen)
            fates: list[Fate] = []
            for fault in chosen:
                with plan.step(f"{fault.id}: {fault.breaks}"):
                    fates.append(trial.try_fault(copy, fault))
                _write(fates)  # each time: a run that is interrupted has proved what it has proved
                if fates[-1].outcome is not Outcome.CAUGHT:
                    plan.note(f"{fates[-1].outcome}: {fates[-1].said or fault.caught_by + ' passed'}")
        finally:
            trial.remove(trial.CLUSTER)
    _tell(fates)
    return 0 if all(fate.outcome is Outcome.CAUGHT for fate in fates) else 1


def choose(known: Sequence[Fault], only: Sequence[str]) -> list[Fault]:
    """Return the faults of these ids, or all where none is named.

    Raises:
        UserError: There is none of that id.
    """
    if unknown := [name for name in only if name not in {fault.id for fault in known}]:
        raise UserError(f"{', '.join(unknown)}: no such fault; `./nox -s faults -- --list` says which there are")
    return [fault for fault in known if not only or fault.id in only]


def _require_whole(copy: trial.Copy, chosen: Sequence[Fault]) -> None:
    """Run the tests with nothing broken: one that fails anyway would catch everything."""
    cases = copy.run(sorted({fault.caught_by for fault in chosen}))
    bad = [f"{case.name}: {case.failed or case.broken}" for case in cases if (case.failed, case.broken) != (None, None)]
    if bad or not cases:
        raise UserError(f"the tests do not even pass with nothing broken: {'; '.join(bad) or 'none ran'}")


def _tell(fates: Sequence[Fate]) -> None:
    for fate in fates:
        fault, said = fate.fault, f": {fate.said}" if fate.said else ""
        mark = "[green]✓[/green]" if fate.outcome is Outcome.CAUGHT else "[red]✗[/red]"
        _out.print(f"{mark} {fate.outcome} {fault.id} by {escape(fault.caught_by.rpartition('/')[2] + said)}")
    caught = sum(fate.outcome is Outcome.CAUGHT for fate in fates)
    _out.print(f"{caught} of {len(fates)} faults caught")
    _out.print(f"report: {REPORT.relative_to(paths.ROOT)}")


def _write(fates: Sequence[Fate]) -> None:
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text(
        json.dumps(
            [
                {
                    "id": fate.fault.id,
                    "breaks": fate.fault.breaks,
                    "file": fate.fault.file,
                    "test": fate.fault.caught_by,
                    "outcome": fate.outcome,
                    "said": fate.said,
                    "seconds": round(fate.seconds, 1),
                }
                for fate in fates
            ],
            indent=2,
        )
        + "\n"
    )
