"""The commands `network` and `explain`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from harness import paths, settings

if TYPE_CHECKING:
    import argparse

    from harness.network.result import Run

INTENT = paths.ROOT / "tests" / "network" / "intent.yaml"
REPORTS = paths.REPORTS / "network"
_out = Console(highlight=False, soft_wrap=True)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `network` and `explain` to the command line."""
    parser = subparsers.add_parser("network", help="declare, compute and try every network path")
    parser.add_argument("--offline", action="store_true", help="compute only; needs no cluster")
    parser.add_argument("--reports", type=Path, default=REPORTS, metavar="FOLDER", help="where the reports go")
    _common(parser)
    settings.add_options(parser)
    parser.set_defaults(func=network)
    parser = subparsers.add_parser("explain", help="say which policies decide one flow: explain vote postgres 5432")
    parser.add_argument("source", help="an endpoint of the intent")
    parser.add_argument("destination", help="an endpoint of the intent")
    parser.add_argument("port", help="a port, such as 5432 or 53/UDP")
    _common(parser)
    parser.set_defaults(func=explain)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--intent", type=Path, default=INTENT, metavar="FILE", help="the intent table")
    parser.add_argument(
        "--overlay", metavar="NAME", help="the overlay to judge (default: the cluster's, else embedded)"
    )


def network(arguments: argparse.Namespace) -> int:
    """Check every path and write the reports; 1 means that something is not as it should be."""
    from harness.network.report import terminal, write  # noqa: PLC0415 - a command imports what it needs and no more

    run = _offline(arguments) if arguments.offline else _live(arguments)
    terminal.show(run, _out)
    for path in write.write(run, arguments.reports):
        _out.print(f"report: {_shown(path)}")
    return 1 if run.failures else 0


def explain(arguments: argparse.Namespace) -> int:
    """Print what decides one flow, side by side with the intent."""
    from harness.network.explain import explain_flow  # noqa: PLC0415
    from harness.network.intent_reader import read_intent  # noqa: PLC0415
    from harness.network.overlay import DEFAULT_OVERLAY, declared_of  # noqa: PLC0415

    overlay = arguments.overlay or DEFAULT_OVERLAY
    intent = read_intent(arguments.intent, overlay, _shown(arguments.intent))
    flow = (arguments.source, arguments.destination, arguments.port)
    _out.print(explain_flow(intent, declared_of(overlay), *flow, root=paths.ROOT), markup=False)
    return 0


def _offline(arguments: argparse.Namespace) -> Run:
    from harness.network.check import check_offline  # noqa: PLC0415
    from harness.network.intent_reader import read_intent  # noqa: PLC0415
    from harness.network.overlay import DEFAULT_OVERLAY, declared_of  # noqa: PLC0415

    overlay = arguments.overlay or DEFAULT_OVERLAY
    return check_offline(
        overlay, read_intent(arguments.intent, overlay, _shown(arguments.intent)), declared_of(overlay)
    )


def _live(arguments: argparse.Namespace) -> Run:
    """Try the paths on the chosen cluster; one that does not run is brought up for it and removed afterwards."""
    from harness.cluster import selection  # noqa: PLC0415
    from harness.network.check import Cluster, check_live  # noqa: PLC0415
    from harness.network.image import probe_image  # noqa: PLC0415
    from harness.network.intent_reader import read_intent  # noqa: PLC0415
    from harness.network.overlay import declared_of, overlay_of  # noqa: PLC0415

    chosen = settings.from_arguments(arguments, os.environ)
    cluster = selection.select(chosen)
    mine = not cluster.is_running()
    if mine:
        from harness.platform.up import bring_up  # noqa: PLC0415

        cluster = bring_up(chosen).cluster
    try:
        overlay = arguments.overlay or overlay_of(cluster.provider)
        intent = read_intent(arguments.intent, overlay, _shown(arguments.intent))
        declared = declared_of(overlay)
        return check_live(
            overlay, intent, declared, Cluster(cluster.provider, cluster.kubeconfig, probe_image(cluster))
        )
    finally:
        if mine:
            cluster.delete()


def _shown(path: Path) -> str:
    return str(path.resolve().relative_to(paths.ROOT)) if path.resolve().is_relative_to(paths.ROOT) else str(path)
