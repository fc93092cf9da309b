"""The guard's view of its box."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from harness import paths
from harness.cluster.embedded import guard
from harness.waiting import Seen, wait_for


def test_the_box_is_apart_in_every_way_that_matters() -> None:
    """Network, mounts, processes, host name and IPC are the box's own, and it ends with its parent."""
    command = guard.box_command(Path("/state/demo"), ["3", "4", "5"])
    assert {"--mount", "--net", "--pid", "--uts", "--ipc", "--propagation=private"} <= set(command)
    assert "--kill-child=TERM" in command
    assert command[-4:] == ["/state/demo", "3", "4", "5"]


def test_child_of_finds_the_child() -> None:
    """The child of a running shell is the program it runs."""
    with subprocess.Popen(["sh", "-c", "sleep 30 & echo $!; wait"], stdout=subprocess.PIPE, text=True) as shell:
        assert shell.stdout is not None
        announced = int(shell.stdout.readline())
        assert guard.child_of(shell.pid) == announced
        os.kill(announced, 9)


def test_child_of_a_childless_process() -> None:
    """A process without children has none."""
    with subprocess.Popen(["sleep", "30"]) as sleeper:
        assert guard.child_of(sleeper.pid) is None
        sleeper.kill()


# A guard's hold of a child that stands for `unshare`, whose child stands for the supervisor.
_HOLD = """
import signal, subprocess, sys
from harness.cluster.embedded import guard
signal.pthread_sigmask(signal.SIG_BLOCK, guard._WATCHED)
box = subprocess.Popen(["sh", "-c", sys.argv[1]])
print("holding", flush=True)
print("ended", guard.hold(box), flush=True)
"""


def _hold(script: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", _HOLD, script], cwd=paths.ROOT, stdout=subprocess.PIPE, text=True)


def test_hold_gives_the_boxs_exit_code() -> None:
    """A box that ends by itself ends the hold at once."""
    start = time.monotonic()
    with _hold("exit 3") as guarding:
        assert guarding.communicate(timeout=20)[0] == "holding\nended 3\n"
    assert time.monotonic() - start < guard._LOOK_S / 2


def test_hold_passes_the_end_on() -> None:
    """A request to end reaches the supervisor, also one that comes before there is any."""
    # The second shell is the supervisor: it is there only after a while, and takes its time to listen.
    script = "sleep 0.5; sh -c 'trap \"exit 0\" TERM; while :; do sleep 0.05; done'; exit 5"
    with _hold(script) as guarding:
        assert guarding.stdout is not None
        assert guarding.stdout.readline() == "holding\n"
        guarding.send_signal(signal.SIGTERM)
        assert guarding.communicate(timeout=20)[0] == "ended 5\n"


def test_box_dies_with_its_guard() -> None:
    """The kernel kills the box's outer process when the guard is killed, however early."""
    code = (
        "import os, subprocess, sys, time\nfrom functools import partial\n"
        "from harness.cluster.embedded import guard\n"
        "box = subprocess.Popen(['sleep', '60'], preexec_fn=partial(guard._die_with, os.getpid()))\n"
        "print(box.pid, flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=paths.ROOT, stdout=subprocess.PIPE, text=True) as guarding:
        assert guarding.stdout is not None
        box = Path("/proc", guarding.stdout.readline().strip(), "cmdline")
        assert box.read_bytes()
        guarding.kill()
        wait_for("the end of the box", lambda: Seen(not _alive(box), "alive"), timeout_s=10)


def test_box_of_a_dead_guard_does_not_start() -> None:
    """A box whose guard died before the kernel was told ends by itself."""
    code = "import os; from harness.cluster.embedded import guard; guard._die_with(os.getppid() + 1)"
    assert subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, check=False).returncode == 1


def _alive(cmdline: Path) -> bool:
    try:
        return bool(cmdline.read_bytes())  # a zombie's is empty
    except OSError:
        return False
