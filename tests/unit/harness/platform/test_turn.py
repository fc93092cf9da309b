"""One command at a time changes a cluster."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from harness import paths
from harness.errors import UserError
from harness.platform import turn

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "ballotbox"


def test_second_command_is_told_who_is_at_work() -> None:
    """A cluster that is taken is named, with the command and its process."""
    with (
        turn.take("demo", "up"),
        pytest.raises(UserError, match=rf"cluster demo: `up` \(process {os.getpid()}\) is at work on it; wait"),
        turn.take("demo", "down"),
    ):
        pass


def test_clusters_are_apart() -> None:
    """Two clusters can be changed at the same time."""
    with turn.take("one", "up"), turn.take("two", "up"):
        pass


def test_given_back(state: Path) -> None:
    """After a command, also one that fails, the next one has its turn, and no file is left."""
    with pytest.raises(KeyError), turn.take("demo", "up"):
        raise KeyError
    with turn.take("demo", "down"):
        assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert list(state.iterdir()) == []


def test_killed_command_holds_nothing() -> None:
    """What a killed command had taken is free."""
    code = "from harness.platform import turn\nwith turn.take('demo', 'up'):\n    print('taken', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=paths.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "taken\n"
        with pytest.raises(UserError, match=rf"process {other.pid}"), turn.take("demo", "down"):
            pass
        other.kill()
    with turn.take("demo", "down"):
        pass


def test_file_removed_in_between_is_no_lock(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who opened the file just before its holder removed it does not take the removed one for the lock."""
    locked = turn._locked
    rounds = []

    def late(lock: object) -> bool:
        rounds.append(lock)
        if len(rounds) == 1:  # the holder before gives back between our opening and our locking
            (state / "demo.lock").unlink()
        return locked(lock)  # type: ignore[arg-type]

    monkeypatch.setattr(turn, "_locked", late)
    with turn.take("demo", "up"):
        monkeypatch.setattr(turn, "_locked", locked)
        assert (state / "demo.lock").is_file()
        with pytest.raises(UserError), turn.take("demo", "down"):
            pass
    assert len(rounds) == 2
