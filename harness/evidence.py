"""Keeps what explains a failure, before anything is torn down: pods, events, logs, requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from harness.process import ProcessError, run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.cluster.manager import Manager

NAMESPACE = "ballotbox"
_TIMEOUT_S = 20
_LOG_LINES = "--tail=2000"


def folder_name(test_id: str) -> str:
    """Return a folder name for a test's id that every file system takes, e.g. `tests-e2e-test_votes.py-test_tally`."""
    return re.sub(r"[^A-Za-z0-9_.=]+", "-", test_id).strip("-")[:150]


def collect(cluster: Manager, folder: Path, *, again: str, requests: Sequence[str] = ()) -> None:
    """Write what the cluster can say of itself; what it cannot say is written in its place, as the reason.

    Args:
        cluster: The cluster the test ran on.
        folder: Gets one file a subject; it is made.
        again: The command that runs the failed test again.
        requests: The last requests the test made, one line each.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "run-again.txt").write_text(f"{again}\n")
    (folder / "requests.txt").write_text("".join(f"{line}\n" for line in requests))
    for name, arguments in {
        "nodes.txt": ("get", "nodes", "-o", "wide"),
        "pods.txt": ("get", "pods", "--all-namespaces", "-o", "wide"),
        "pods.yaml": ("get", "pods", "-n", NAMESPACE, "-o", "yaml"),
        "describe.txt": ("describe", "pods", "-n", NAMESPACE),
        "events.txt": ("get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"),
        "objects.txt": ("get", "all,networkpolicies,ingresses,pvc", "-n", NAMESPACE, "-o", "wide"),
    }.items():
        (folder / name).write_text(_say(cluster, *arguments))
    for pod in _say(cluster, "get", "pods", "-n", NAMESPACE, "-o", "name").split():
        for name, options in {"log": (), "previous.log": ("--previous",)}.items():
            said = _say(cluster, "logs", pod, "-n", NAMESPACE, "--all-containers", "--prefix", _LOG_LINES, *options)
            if name == "log" or "previous terminated container" not in said:
                (folder / f"{pod.partition('/')[2]}.{name}").write_text(said)
    components = cluster.settings.state / "log"
    if components.is_dir():
        kept = folder / "components"
        kept.mkdir(exist_ok=True)
        for log in components.glob("*.log"):
            (kept / log.name).write_bytes(log.read_bytes())


def _say(cluster: Manager, *arguments: str) -> str:
    try:
        done = run(cluster.kubectl_argv(*arguments), timeout_s=_TIMEOUT_S, check=False)
    except ProcessError as error:
        return f"not collected: {error}\n"
    return done.stdout + done.stderr
