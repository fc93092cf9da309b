"""The process outside the box that cleans up what the kernel does not.

The kernel ends a box's processes, mounts and network with its first process. What is left of a box that was killed is
its cgroup folders: the guard removes them. If the guard itself is killed, the kernel kills `unshare` with it, which
sends the supervisor SIGTERM, and the supervisor removes the cgroups on its way out. So either alone is enough. Both
hold the cluster's lock until they have done so.

    python -m harness.cluster.embedded.guard STATE_FOLDER LOCK_FD API_FD VOTE_FD RESULT_FD
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from harness.cluster.embedded import cgroups
from harness.cluster.embedded.layout import Layout
from harness.errors import UserError

_PR_SET_PDEATHSIG = 1  # prctl(2)
_ENDING = frozenset({signal.SIGTERM, signal.SIGINT})
_WATCHED = frozenset({signal.SIGCHLD, *_ENDING})
_LOOK_S = 60.0
_SAY_AGAIN_S = 0.1


def box_command(state: Path, descriptors: list[str]) -> list[str]:
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
        str(state),
        *descriptors,
    ]


def child_of(parent: int) -> int | None:
    """Return the process id of a child of a process, or none if it has none (proc(5), stat's fourth field)."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):  # it ended while we looked
                stat = (entry / "stat").read_text()
                if int(stat.rpartition(")")[2].split()[1]) == parent:
                    return int(entry.name)
    return None


def hold(box: subprocess.Popen[bytes]) -> int:
    """Wait for the end of the box and return its exit code; pass a request to end on to the supervisor.

    The caller has blocked the signals that are waited for here.
    """
    ending = False
    while (code := box.poll()) is None:
        received = signal.sigtimedwait(_WATCHED, _SAY_AGAIN_S if ending else _LOOK_S)
        ending = ending or (received is not None and received.si_signo in _ENDING)
        # Said again until the box ends: at its very start there is no supervisor yet that could hear it.
        if ending and (supervisor := child_of(box.pid)) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(supervisor, signal.SIGTERM)
    return code


def main(argv: list[str]) -> int:
    """Hold the box of one cluster until it ends; returns its exit code."""
    layout = Layout.load(Path(argv[0]))
    os.chdir("/")  # whatever folder `up` was called in stays free
    # The supervisor inherits the mask: what is sent to it before it looks is kept, not lost as process 1 loses it.
    signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    box = subprocess.Popen(
        box_command(layout.state, argv[1:]),
        pass_fds=[int(word) for word in argv[1:]],
        preexec_fn=partial(_die_with, os.getpid()),  # noqa: PLW1509  # one thread, and nothing else asks the kernel for it
    )
    for word in argv[2:]:  # all but the lock
        os.close(int(word))
    code = hold(box)
    try:
        cgroups.remove(cgroups.read(), layout.cgroup)
    except UserError as error:
        print(f"guard: {error}", file=sys.stderr)
        return 1
    return code


def _die_with(parent: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the kernel was told
        os._exit(1)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
