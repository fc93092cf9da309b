"""Why a cluster does not come up, on one line."""

from __future__ import annotations

import fcntl
import json
from typing import TYPE_CHECKING

import pytest

from harness.cluster.embedded import diagnosis
from harness.cluster.embedded.layout import Layout
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A cluster with logs, whose box does not run."""
    made = Layout("demo", tmp_path, 1, 2, 3)
    made.logs.mkdir()
    return made


@pytest.fixture
def running(layout: Layout) -> Iterator[Layout]:
    """A cluster whose lock is held."""
    with layout.lock.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield layout


def say(layout: Layout, failures: int, log: str) -> None:
    """Let etcd have failed so often, with this log."""
    component = {"pid_in_box": None, "restarts": failures, "failures": failures, "last_exit": "exit code 1"}
    layout.status.write_text(json.dumps({"components": {"etcd": component}}))
    (layout.logs / "etcd.log").write_text(log)


def test_box_that_ended(layout: Layout) -> None:
    """The supervisor's last words and its log are named."""
    log = layout.logs / "supervisor.log"
    log.write_text("10:00:00 etcd: started\n10:00:01 the box cannot be set up: no such device\n\n")
    with pytest.raises(UserError) as caught:
        diagnosis.check(layout)
    said = str(caught.value)
    assert said.startswith("cluster demo: its supervisor ended: ")
    assert "the box cannot be set up: no such device" in said
    assert said.endswith(f"(all of it: {log})")
    assert "\n" not in said


def test_box_that_ended_without_a_word(layout: Layout) -> None:
    """Where there is no log, or nothing in it, that is said."""
    with pytest.raises(UserError, match="it said nothing"):
        diagnosis.check(layout)
    (layout.logs / "supervisor.log").touch()
    with pytest.raises(UserError, match="it said nothing"):
        diagnosis.check(layout)


def test_running(running: Layout) -> None:
    """A box that runs may still come up: before it said anything, and while a component stumbles."""
    diagnosis.check(running)
    say(running, 2, "not yet")
    diagnosis.check(running)


def test_component_that_dies_over_and_over(running: Layout) -> None:
    """It is named with its last words, its exit and its log, and a long line is cut."""
    say(running, 3, "first\nsecond: " + "x" * 1000 + "\nthird: bad flag\n")
    with pytest.raises(UserError) as caught:
        diagnosis.check(running)
    said = str(caught.value)
    assert said.startswith("cluster demo: etcd ended 3 times, last with exit code 1: second: xxx")
    assert f"third: bad flag (all of it: {running.logs / 'etcd.log'})" in said
    assert "first" not in said
    assert len(said) < 600 + len(str(running.logs))
