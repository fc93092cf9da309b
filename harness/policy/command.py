"""The policy gate's commands: policy, policy-conformance, policy-mutation, fuzz, actionlint."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness import paths, process, programs
from harness.errors import UserError
from harness.policy import conformance, gate, measured, mutation, waivers
from harness.policy.reports.html import html
from harness.policy.reports.junit import junit
from harness.policy.reports.markdown import markdown
from harness.policy.reports.openreports import openreports
from harness.policy.reports.sarif import sarif
from harness.policy.reports.terminal import show
from harness.policy.subjects import Loader

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Collection

    from harness.policy.model import Verdict, Waiver

REPORTS = paths.REPORTS / "policy"
FORMATS = {
    "sarif": "policy.sarif",
    "junit": "policy.junit.xml",
    "openreports": "policy.openreports.yaml",
    "markdown": "policy.md",
    "html": "policy.html",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    judge = subparsers.add_parser("policy", help="judge overlays, Containerfiles and workflows; or any PATH")
    judge.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="a kustomization, folder or rendered file")
    judge.add_argument("--engine", action="append", choices=gate.ENGINES, help="one engine alone (default: both)")
    judge.add_argument("--format", action="append", choices=FORMATS, help="write this report alone (default: all)")
    judge.add_argument("--level", choices=("privileged", "baseline", "restricted"), default="restricted")
    judge.add_argument("--production", action="store_true", help="judge PATH by the rules for production too")
    judge.add_argument("--waivers", type=Path, help="the waiver file (default: policies/waivers.yaml, none with PATH)")
    _reports(judge)
    judge.set_defaults(func=_policy)

    fixtures = subparsers.add_parser("policy-conformance", help="judge the official Pod Security fixtures")
    _reports(fixtures)
    fixtures.set_defaults(func=_conformance)

    mutants = subparsers.add_parser("policy-mutation", help="break each hardening field; every mutant must be rejected")
    _reports(mutants)
    mutants.set_defaults(func=_mutation)

    fuzz = subparsers.add_parser("fuzz", help="compare the gate with the official evaluator on made-up pods")
    fuzz.add_argument("--pods", type=int, default=20_000, help="how many pods (default: 20000)")
    fuzz.add_argument("--seed", type=int, help="repeat a run")
    _reports(fuzz)
    fuzz.set_defaults(func=_fuzz)

    lint = subparsers.add_parser("actionlint", help="lint .github/workflows")
    lint.set_defaults(func=_actionlint)


def _reports(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reports", type=Path, default=REPORTS, help="where reports go (default: reports/policy)")


def _policy(arguments: argparse.Namespace) -> int:
    start = time.monotonic()
    loader = Loader(level=arguments.level)
    sets = loader.paths(arguments.paths, production=arguments.production) if arguments.paths else loader.project()
    exceptions: tuple[Waiver, ...] = ()
    if arguments.waivers is not None or not arguments.paths:
        file = arguments.waivers or waivers.WAIVERS
        if not file.is_file():
            raise UserError(f"{file}: expected a waiver file, found nothing there; check the path")
        exceptions = waivers.read(file, _shown(file))
    now = datetime.now(UTC)
    verdict = gate.judge(sets, engines=arguments.engine or gate.ENGINES, exceptions=exceptions, today=now.date())
    console = _console()
    figures = measured.read(arguments.reports) if arguments.paths else _figures(arguments.reports, console)
    show(verdict, figures, console)
    written = write(verdict, figures, arguments.reports, arguments.format or FORMATS, now)
    console.print(f"  {time.monotonic() - start:.2f} s in all; reports: {', '.join(map(_shown, written))}")
    return 0 if verdict.passed else 1


def _figures(reports: Path, console: Console) -> measured.Measured:
    """Return what the rules were measured at; conformance is measured now where the fixtures are there for it."""
    figures = measured.read(reports)
    if any(figure.name == "conformance" for figure in figures.figures) or not programs.load()["pss-evaluator"].built():
        return figures
    conformance.run(reports, console)
    return measured.read(reports)


def write(
    verdict: Verdict, figures: measured.Measured, folder: Path, formats: Collection[str], now: datetime
) -> tuple[Path, ...]:
    """Write reports into a folder and return their files."""
    made: dict[str, Callable[[], str]] = {
        "sarif": lambda: sarif(verdict),
        "junit": lambda: junit(verdict),
        "openreports": lambda: openreports(verdict, now),
        "markdown": lambda: markdown(verdict, figures),
        "html": lambda: html(verdict, figures, now),
    }
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, file in FORMATS.items():
        if name in formats:
            (folder / file).write_text(made[name]())
            written.append(folder / file)
    return tuple(written)


def _conformance(arguments: argparse.Namespace) -> int:
    return conformance.run(arguments.reports, _console())


def _mutation(arguments: argparse.Namespace) -> int:
    return mutation.run(arguments.reports, _console())


def _fuzz(arguments: argparse.Namespace) -> int:
    from harness.policy import fuzz  # noqa: PLC0415  # needs hypothesis and the official evaluator

    return fuzz.run(arguments.pods, arguments.seed, arguments.reports, _console())


def _actionlint(_: argparse.Namespace) -> int:
    done = process.run([programs.path("actionlint"), "-no-color"], cwd=paths.ROOT, check=False)
    print((done.stdout + done.stderr).strip() or "actionlint: no finding")
    return 1 if done.exit_code else 0


def _console() -> Console:
    # A log has no width: wrapped lines could be neither searched nor clicked.
    return Console(highlight=False, soft_wrap=True)


def _shown(path: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(paths.ROOT)) if resolved.is_relative_to(paths.ROOT) else str(path)
