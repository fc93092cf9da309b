"""The process outside the box that holds its lock and cleans up what the kernel does not.

The kernel ends a box's processes, mounts and network with its first process. What is left of a box that was killed is
its cgroup folders: the guard removes them. If the guard itself is killed, the kernel kills `unshare` with it, which
sends the supervisor SIGTERM, and the supervisor removes the cgroups on its way out. So either alone is enough.

    python -m harness.cluster.embedded.guard STATE_FOLDER API_FD VOTE_FD RESULT_FD
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cluster.embedded import cgroups
from harness.cluster.embedded.layout import Layout

if TYPE_CHECKING:
    from types import FrameType

_PR_SET_PDEATHSIG = 1  # prctl(2)


def _die_with_parent() -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def box_command(layout: Layout, descriptors: list[str]) -> list[str]:
    """Return the argument vector that makes the namespaces and starts the supervisor as their first process."""
    return [
        "unshare",
        "--mount",
        "--net",
        "--pid",
        "--uts",
        "--ipc",
        "--fork",
        "--kill-child=TERM",
        "--mount-proc",
        "--propagation=private",
        sys.executable,
        "-m",
        "harness.cluster.embedded.supervisor",
        str(layout.state),
        *descriptors,
    ]


def child_of(parent: int) -> int | None:
    """Return the process id of a child of this process, or none if it has none (proc(5), stat's fourth field)."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text()
                if int(stat.rpartition(")")[2].split()[1]) == parent:
                    return int(entry.name)
    return None


def main(argv: list[str]) -> int:
    """Hold the box of one cluster until it ends; returns its exit code."""
    layout = Layout.load(Path(argv[0]))
    lock = layout.lock.open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    box = subprocess.Popen(
        box_command(layout, argv[1:]),
        pass_fds=[int(word) for word in argv[1:]],
        preexec_fn=_die_with_parent,  # noqa: PLW1509  # one thread, and nothing else asks the kernel for it
    )

    def end(_signal: int, _frame: FrameType | None) -> None:
        supervisor = child_of(box.pid)
        if supervisor is not None:
            os.kill(supervisor, signal.SIGTERM)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    for word in argv[1:]:
        os.close(int(word))
    json.dump({"guard": os.getpid(), "unshare": box.pid}, lock)
    lock.flush()
    code = box.wait()
    cgroups.remove(cgroups.read(), layout.cgroup)
    return code


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
