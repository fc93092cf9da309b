"""Starts and ends the box of an embedded cluster, and tells whether it runs."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

from harness import paths
from harness.cluster.embedded import cgroups, guard
from harness.errors import UserError
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from harness.cluster.embedded.layout import Layout

LOOPBACK = "127.0.0.1"
_END_TIMEOUT_S = 8.0


def is_running(layout: Layout) -> bool:
    """Tell whether the cluster's guard holds its lock."""
    try:
        with layout.lock.open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def free_port() -> int:
    """Return a TCP port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def supervisor_pid(layout: Layout) -> int | None:
    """Return the supervisor's process id as the host sees it, or none if the box does not run."""
    held = _held_by(layout)
    return guard.child_of(held["unshare"]) if held else None


def guard_pid(layout: Layout) -> int | None:
    """Return the guard's process id, or none if the box does not run."""
    return _held_by(layout).get("guard")


def start(layout: Layout) -> None:
    """Start the guard and with it the box; returns at once.

    Raises:
        UserError: A port is taken.
    """
    layout.logs.mkdir(parents=True, exist_ok=True)
    layout.data.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(listen(port)) for port in (layout.api_port, layout.vote_port, layout.result_port)
        ]
        descriptors = [str(listener.fileno()) for listener in sockets]
        log = stack.enter_context((layout.logs / "supervisor.log").open("ab"))
        subprocess.Popen(
            [sys.executable, "-m", "harness.cluster.embedded.guard", str(layout.state), *descriptors],
            cwd=paths.ROOT,
            pass_fds=[listener.fileno() for listener in sockets],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    wait_for(
        "the box's lock",
        lambda: Seen(bool(_held_by(layout)), _tail(layout)),
        timeout_s=10,
        interval_s=0.02,
    )


def listen(port: int) -> socket.socket:
    """Return a socket that listens on a port of the loopback address.

    Raises:
        UserError: The port is taken, or not ours to take.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise UserError(
            f"port {port} of {LOOPBACK}: {error.strerror}; end what holds it (`ss -ltnp 'sport = :{port}'`) or choose "
            "others with --vote-port and --result-port"
        ) from None
    listener.listen(128)
    return listener


def stop(layout: Layout) -> None:
    """End the box if it runs, and remove everything of the cluster: cgroups, keys, data, logs."""
    held = _held_by(layout)
    if held:
        _signal(held["guard"], signal.SIGTERM)
        try:
            wait_for("the end of the box", lambda: _gone(layout), timeout_s=_END_TIMEOUT_S, interval_s=0.02)
        except UserError:
            # It had its time. The kernel ends whatever belongs to the box with its first process.
            for pid in (supervisor_pid(layout), held["guard"]):
                if pid is not None:
                    _signal(pid, signal.SIGKILL)
            wait_for("the end of the killed box", lambda: _gone(layout), timeout_s=_END_TIMEOUT_S, interval_s=0.02)
    cgroups.remove(cgroups.read(), layout.cgroup)
    if layout.state.exists():
        shutil.rmtree(layout.state)


def _gone(layout: Layout) -> Seen:
    running = is_running(layout)
    return Seen(not running, "its guard still holds the lock" if running else "gone")


def _held_by(layout: Layout) -> dict[str, int]:
    if not is_running(layout):
        return {}
    try:
        return dict(json.loads(layout.lock.read_text()))
    except ValueError:  # locked, and not written yet
        return {}


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _tail(layout: Layout) -> str:
    lines = (layout.logs / "supervisor.log").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "nothing in supervisor.log"
