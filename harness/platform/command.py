"""The commands that start, end and look at the platform: up, down, status, kubectl, seed."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, NoReturn

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness import deploy, images, prerequisites, settings
from harness.cluster import selection
from harness.errors import UserError
from harness.platform import turn
from harness.platform.up import bring_up
from harness.process import ProcessError
from harness.progress import Plan

if TYPE_CHECKING:
    import argparse

    from harness.cluster.manager import Manager

_out = Console(highlight=False, soft_wrap=True)
_ANSWER_TIMEOUT_S = 15
_KUBECTL_USAGE = "usage: ./nox -s kubectl -- [--name NAME] WORDS OF KUBECTL\n"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add up, down, status, seed, packages and kubectl to the command line."""
    parser = subparsers.add_parser("up", help="bring a cluster up, deploy Ballotbox, say where to open it")
    settings.add_options(parser)
    parser.set_defaults(func=up)
    parser = subparsers.add_parser("down", help="remove the cluster and everything that belongs to it")
    settings.add_options(parser)
    parser.set_defaults(func=down)
    parser = subparsers.add_parser("status", help="say what runs and where it is opened")
    settings.add_options(parser)
    parser.set_defaults(func=status)
    parser = subparsers.add_parser("seed", help="cast random votes through the vote page, for demonstrations")
    settings.add_options(parser)
    parser.add_argument("--votes", type=int, default=3000, metavar="N", help="how many votes (default 3000)")
    parser.add_argument("--voters", type=int, default=1000, metavar="N", help="of how many voters (default 1000)")
    parser.set_defaults(func=seed)
    parser = subparsers.add_parser("packages", help="install the Debian packages of the cluster and of the tests")
    parser.set_defaults(func=packages)
    parser = subparsers.add_parser("kubectl", help="run kubectl against the cluster", add_help=False)
    parser.set_defaults(func=kubectl)


def up(arguments: argparse.Namespace) -> int:
    """Bring the platform up and say where to open it."""
    done = bring_up(settings.from_arguments(arguments, os.environ))
    for line in done.changes:
        _out.print(f"  {escape(line)}")
    if not done.changes:
        _out.print("  nothing changed")
    if done.outdated:
        _out.print(
            f"  the cluster still runs {', '.join(done.outdated)} as pinned when it was made; `./nox -s down` and "
            "`./nox -s up` replace them, and the votes with them"
        )
    times = [f"every pod Ready after {done.ready_s:.1f} s", f"preparation before that {done.prepare_s:.1f} s"]
    if done.created:
        times.insert(0, f"node Ready after {done.node_ready_s:.1f} s")
    _out.print(f"[bold]Ballotbox is up[/bold] ({', '.join(times)})")
    _out.print(f"  vote    {done.endpoints.vote_url}")
    _out.print(f"  result  {done.endpoints.result_url}")
    return 0


def down(arguments: argparse.Namespace) -> int:
    """Remove the cluster; it is no error if there is none."""
    chosen = settings.from_arguments(arguments, os.environ)
    begun = time.monotonic()
    with turn.take(chosen.name, "down"):
        if chosen.provider is None and not chosen.state.exists():
            _out.print(f"cluster {chosen.name}: there is none")
            return 0
        selection.select(chosen).delete()
    _out.print(f"cluster {chosen.name}: gone ({time.monotonic() - begun:.1f} s)")
    return 0


def status(arguments: argparse.Namespace) -> int:
    """Print what runs; exit with 1 if something that should run does not."""
    chosen = settings.from_arguments(arguments, os.environ)
    if not settings.record(chosen.name).is_file():
        _out.print(f"cluster {chosen.name}: does not run; `./nox -s up` starts it")
        return 1
    cluster = selection.select(chosen)
    if not cluster.is_running():
        _out.print(
            f"cluster {chosen.name}: was killed, or is on its way up; `./nox -s up` starts it anew, `./nox -s down` "
            "removes what is left of it"
        )
        return 1
    _out.print(f"cluster {chosen.name} ({cluster.provider}), kubeconfig {cluster.kubeconfig}")
    whole = _components(cluster) & _pods(cluster)
    endpoints = cluster.endpoints()
    _out.print(f"vote    {endpoints.vote_url}\nresult  {endpoints.result_url}")
    return 0 if whole else 1


def seed(arguments: argparse.Namespace) -> int:
    """Cast random votes and say what the result page should show of them."""
    if arguments.votes < 1 or arguments.voters < 1:
        raise UserError(f"--votes {arguments.votes} --voters {arguments.voters}: both take a number from 1 up")
    cluster = selection.select(settings.from_arguments(arguments, os.environ))
    built = images.build(images.APPLICATION)
    cluster.load_images(built.archive(["seed"]))
    seeded = deploy.seed(cluster, built, votes=arguments.votes, voters=arguments.voters)
    _out.print(f"{arguments.votes} votes in {seeded.seconds:.1f} s: {seeded.report.get('expected', seeded.report)}")
    return 0


def packages(arguments: argparse.Namespace) -> int:  # noqa: ARG001  # it has no options
    """Install what lacks of the Debian packages that the cluster and the tests stand on."""
    missing = prerequisites.missing((*prerequisites.EMBEDDED, *prerequisites.TESTS))
    if missing:
        prerequisites.install(missing, Plan("packages", 1))
    return 0


def kubectl(arguments: argparse.Namespace) -> int:
    """Become kubectl: its output, its exit code; of another cluster with `--name NAME` before kubectl's own words."""
    name, words = _split(arguments.words)
    chosen = settings.read({"name": name}, os.environ)
    if words in ([], ["--help"], ["-h"]):
        _out.print(escape(_KUBECTL_USAGE))
        if not settings.record(chosen.name).is_file():
            return 0
    argv = selection.select(chosen).kubectl_argv(*words)
    return _become(argv)


def _become(argv: list[str]) -> NoReturn:
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606  # kubectl takes over the terminal, its signals and the exit code


def _split(words: list[str]) -> tuple[str | None, list[str]]:
    """Return the cluster's name, where one is given, and kubectl's words."""
    if words[:1] == ["--"]:
        words = words[1:]
    option, equals, value = words[0].partition("=") if words else ("", "", "")
    if option != "--name":
        return None, words
    if equals:
        return value, words[1:]
    if len(words) == 1:
        raise UserError("--name: names no cluster; `./nox -s kubectl -- --name NAME get pods -A`")
    return words[1], words[2:]


def _components(cluster: Manager) -> bool:
    whole = True
    table = Table("component", "state", "restarts")
    for name, component in cluster.status().items():
        runs = component["pid_in_box"] is not None
        whole = whole and runs
        ended = component["last_exit"] or "waits for what it stands on"
        state = "[green]✓ running[/green]" if runs else f"[red]✗ {escape(ended)}[/red]"
        table.add_row(name, state, str(component["restarts"]))
    if table.row_count:
        _out.print(table)
    return whole


def _pods(cluster: Manager) -> bool:
    try:
        pods = cluster.kubectl(["get", "pods", "--all-namespaces"], timeout=_ANSWER_TIMEOUT_S)["items"]
    except ProcessError as error:
        _out.print(f"[red]✗[/red] pods: {escape(str(error))}")
        return False
    if not pods:
        _out.print("[red]✗[/red] no pod; `./nox -s up` deploys Ballotbox")
        return False
    whole = True
    table = Table("namespace", "pod", "state", "restarts")
    for pod in pods:
        containers = pod["status"].get("containerStatuses", [])
        ready = sum(container["ready"] for container in containers)
        phase = pod["status"]["phase"]
        good = phase == "Succeeded" or (phase == "Running" and ready == len(containers))
        whole = whole and good
        state = f"[green]✓ {phase}[/green]" if good else f"[red]✗ {phase}, {ready} of {len(containers)} ready[/red]"
        restarts = sum(container["restartCount"] for container in containers)
        table.add_row(pod["metadata"]["namespace"], pod["metadata"]["name"], state, str(restarts))
    _out.print(table)
    return whole
