"""Starts and ends the box of an embedded cluster, and tells whether it runs.

A lock on a file of the state folder tells: the guard and the supervisor inherit it and hold it as long as they live. So
nothing depends on process ids that may be someone else's by now.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import paths, process
from harness.cluster.embedded import cgroups, private
from harness.errors import UserError
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.cluster.embedded.layout import Layout

LOOPBACK = "127.0.0.1"
GUARD = "harness.cluster.embedded.guard"
SUPERVISOR = "harness.cluster.embedded.supervisor"
_LOCK_TIMEOUT_S = 2.0
_END_TIMEOUT_S = 8.0
_REMOVERS = 8
_LOOK_S = 0.02


@dataclass(frozen=True)
class Sockets:
    """The listening sockets by which the host reaches a cluster, in the order in which the guard is given them."""

    api: socket.socket
    vote: socket.socket
    result: socket.socket

    @property
    def api_port(self) -> int:
        """The port that the kernel chose for the API server."""
        return int(self.api.getsockname()[1])

    def descriptors(self) -> list[int]:
        """Return the file descriptors."""
        return [self.api.fileno(), self.vote.fileno(), self.result.fileno()]


@contextlib.contextmanager
def claim(vote_port: int, result_port: int) -> Iterator[Sockets]:
    """Listen on the two pages' ports and on a free one for the API server, until the guard has inherited them.

    From its choice on the port is held, so that nothing else can take it meanwhile.

    Raises:
        UserError: A port is taken.
    """
    with contextlib.ExitStack() as stack:
        yield Sockets(*(stack.enter_context(listen(port)) for port in (0, vote_port, result_port)))


def listen(port: int) -> socket.socket:
    """Return a socket that listens on a port of the loopback address; 0 is any that is free.

    Raises:
        UserError: The port is taken, or not ours to take.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        raise UserError(
            f"port {port} of {LOOPBACK}: {error.strerror}; end what holds it (`ss -ltnp 'sport = :{port}'`) or choose "
            "others with --vote-port and --result-port"
        ) from None
    return listener


def free_port() -> int:
    """Return a TCP port of the loopback address that nothing listens on at this moment."""
    with listen(0) as probe:
        return int(probe.getsockname()[1])


def is_running(layout: Layout) -> bool:
    """Tell whether the cluster's guard or supervisor lives, or is being started."""
    try:
        with layout.lock.open() as lock:
            # Shared, so that two that look at once do not take each other for the guard.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def guard_pid(layout: Layout) -> int | None:
    """Return the guard's process id, or none if it does not run."""
    return _find(GUARD, layout.state)


def supervisor_pid(layout: Layout) -> int | None:
    """Return the supervisor's process id as the host sees it, or none if it does not run."""
    return _find(SUPERVISOR, layout.state)


def start(layout: Layout, sockets: Sockets) -> None:
    """Start the guard and with it the box; returns at once.

    Raises:
        UserError: The cluster runs, or is being started by someone else.
    """
    private.folder(layout.logs)
    private.folder(layout.data)
    with layout.lock.open("w") as lock:
        wait_for(f"the lock of cluster {layout.name}", lambda: _take(lock.fileno()), timeout_s=_LOCK_TIMEOUT_S)
        descriptors = [lock.fileno(), *sockets.descriptors()]
        process.start_detached(
            [sys.executable, "-m", GUARD, str(layout.state), *map(str, descriptors)],
            log=layout.logs / "supervisor.log",
            env={"PYTHONPATH": str(paths.ROOT)},
            pass_fds=descriptors,
        )


def end(layout: Layout) -> None:
    """End the box if it runs, and remove its cgroups; keys, data and logs stay.

    Raises:
        UserError: A process or a cgroup of it cannot be ended.
    """
    if is_running(layout):
        guard = guard_pid(layout)
        _signal(layout, signal.SIGTERM)
        try:
            wait_for("the end of the box", lambda: _gone(layout), timeout_s=_END_TIMEOUT_S, interval_s=_LOOK_S)
        except UserError:
            # It had its time. The kernel ends whatever belongs to the box with its first process.
            _signal(layout, signal.SIGKILL)
            wait_for("the end of the killed box", lambda: _gone(layout), timeout_s=_END_TIMEOUT_S, interval_s=_LOOK_S)
        if guard is not None:
            with contextlib.suppress(ChildProcessError):  # another process started it
                os.waitpid(guard, 0)
    cgroups.remove(cgroups.read(), layout.cgroup)


def stop(layout: Layout) -> None:
    """End the box if it runs, and remove everything of the cluster: cgroups, keys, data, logs.

    Raises:
        UserError: Something of it cannot be ended or removed.
    """
    end(layout)
    if layout.state.exists():
        try:
            _remove(layout.state)
        except OSError as error:
            raise UserError(
                f"cluster {layout.name}: {error.filename} cannot be removed: {error.strerror}; see what uses it "
                f"(`fuser -vm {error.filename}`) and run `./nox -s down` again"
            ) from None


def _remove(folder: Path) -> None:
    # A journalling file system waits with each unlink for its journal; eight wait at once: 8.7 s became 1.8 s here.
    with ThreadPoolExecutor(_REMOVERS) as pool:
        list(pool.map(_empty, (each for each, _, _ in os.walk(folder))))
    shutil.rmtree(folder)


def _empty(folder: str) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                Path(entry.path).unlink()


def _take(lock: int) -> Seen:
    # More than one try: `is_running` of another process holds the lock for a moment.
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return Seen(done=False, state="another process starts or runs the cluster")
    return Seen(done=True, state="taken")


def _gone(layout: Layout) -> Seen:
    if not is_running(layout):
        return Seen(done=True, state="gone")
    left = {"guard": guard_pid(layout), "supervisor": supervisor_pid(layout)}
    alive = [f"{name} (process {pid})" for name, pid in left.items() if pid is not None]
    return Seen(done=False, state=f"{' and '.join(alive) or 'someone'} holds {layout.lock}")


def _signal(layout: Layout, number: signal.Signals) -> None:
    """Signal the guard, which tells the supervisor; the supervisor itself where there is no guard, and to kill."""
    guard, supervisor = guard_pid(layout), supervisor_pid(layout)
    for pid in (supervisor, guard) if number == signal.SIGKILL or guard is None else (guard,):
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def _find(module: str, state: Path) -> int | None:
    wanted = ["-m", module, str(state)]
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended while we looked
                if (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")[1:4] == wanted:
                    return int(entry.name)
    return None
