"""Keeps what explains a failure, before anything is torn down: pods, events, logs, requests."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.process import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from harness.cluster.manager import Manager

NAMESPACE = "ballotbox"
_TIMEOUT_S = 20
_LOG_LINES = "--tail=2000"
_AT_ONCE = 4
_NAME_MOST = 140
_QUESTIONS = {
    "nodes.txt": ("get", "nodes", "-o", "wide"),
    "pods.txt": ("get", "pods", "--all-namespaces", "-o", "wide"),
    "pods.yaml": ("get", "pods", "-n", NAMESPACE, "-o", "yaml"),
    "describe.txt": ("describe", "pods", "-n", NAMESPACE),
    "events.txt": ("get", "events", "--all-namespaces", "--sort-by=.lastTimestamp"),
    "objects.txt": ("get", "all,networkpolicies,ingresses,pvc", "-n", NAMESPACE, "-o", "wide"),
}
_PODS = ("get", "pods", "-n", NAMESPACE, "-o", "name")


def folder_name(test_id: str) -> str:
    """Return a folder name for a test's id that every file system takes, e.g. `tests-e2e-test_votes.py-test_tally`."""
    name = re.sub(r"[^A-Za-z0-9_.=]+", "-", test_id).strip("-")
    if len(name) <= _NAME_MOST:
        return name
    return f"{name[:_NAME_MOST]}-{hashlib.sha256(test_id.encode()).hexdigest()[:8]}"


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
    # Side by side: a cluster that is dead lets each question wait for its time to be up.
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        kept = [pool.submit(_keep, cluster, folder / name, question) for name, question in _QUESTIONS.items()]
        pods = [word for word in _say(cluster, *_PODS).split() if word.startswith("pod/")]
        kept += [pool.submit(_keep_logs, cluster, folder, pod) for pod in pods]
    for each in kept:
        each.result()
    components = cluster.settings.state / "log"
    if components.is_dir():
        (folder / "components").mkdir(exist_ok=True)
        for log in components.glob("*.log*"):
            (folder / "components" / log.name).write_bytes(log.read_bytes())


def _keep(cluster: Manager, file: Path, question: tuple[str, ...]) -> None:
    file.write_text(_say(cluster, *question))


def _keep_logs(cluster: Manager, folder: Path, pod: str) -> None:
    options = ("-n", NAMESPACE, "--all-containers", "--prefix", _LOG_LINES)
    name = pod.removeprefix("pod/")
    (folder / f"{name}.log").write_text(_say(cluster, "logs", pod, *options))
    previous = _say(cluster, "logs", pod, *options, "--previous")
    if "previous terminated container" not in previous:  # there was none
        (folder / f"{name}.previous.log").write_text(previous)


def _say(cluster: Manager, *arguments: str) -> str:
    try:
        done = run(cluster.kubectl_argv(*arguments), timeout_s=_TIMEOUT_S, check=False)
    except UserError as error:
        return f"not collected: {error}\n"
    return done.stdout + done.stderr
