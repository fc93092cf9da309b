"""The guard's view of its box."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from harness.cluster.embedded import guard


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
