"""What long work says."""

from __future__ import annotations

import io
import re
import threading

import pytest
from rich.console import Console

from harness import progress
from harness.progress import Plan
from harness.waiting import Seen, wait_for


def plan(total: int = 2) -> tuple[Plan, io.StringIO]:
    """Return a plan that tells into a text, as into a CI log."""
    said = io.StringIO()
    return Plan("up", total, out=Console(file=said, width=200, highlight=False)), said


def test_steps() -> None:
    """Each step is told when it is done, with its number, of how many, and its seconds."""
    work, said = plan()
    with work.step("building"):
        pass
    work.note("a detail")
    with work.step("starting"):
        pass
    first, note, second = said.getvalue().splitlines()
    assert re.fullmatch(r"✓ \[1/2\] building  \d+\.\d s", first)
    assert note == "  a detail"
    assert re.fullmatch(r"✓ \[2/2\] starting  \d+\.\d s", second)


def test_failed_step() -> None:
    """A step that fails says so, and its error goes on."""
    work, said = plan()
    with pytest.raises(KeyError), work.step("building"):
        raise KeyError
    assert re.fullmatch(r"✗ \[1/2\] building  failed after \d+\.\d s\n", said.getvalue())


def test_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no terminal, a line says from time to time what still runs and what is left."""
    monkeypatch.setattr(progress, "_HEARTBEAT_S", 0.02)
    work, said = plan(total=3)
    beaten = threading.Event()

    class Watched(io.StringIO):
        def write(self, text: str) -> int:
            if "so far" in text:
                beaten.set()
            return said.write(text)

    work._out.file = Watched()
    with work.step("building"):
        assert beaten.wait(timeout=10)
    assert re.search(r"… \[1/3\] building  \d+ s so far, 2 more steps after it", said.getvalue())


def test_heartbeat_ends_with_its_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a step is done nothing is said of it any more."""
    monkeypatch.setattr(progress, "_HEARTBEAT_S", 0.02)
    before = threading.active_count()
    work, _ = plan()
    with work.step("building"):
        assert threading.active_count() == before + 1
    wait_for("the heartbeat's end", lambda: Seen(threading.active_count() == before, "it beats on"), timeout_s=10)


def test_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal the running step is shown while it runs, in place of the lines from time to time."""
    monkeypatch.setattr(progress, "_HEARTBEAT_S", 0.0)
    said = io.StringIO()
    work = Plan("up", 1, out=Console(file=said, width=200, force_terminal=True, color_system=None))
    with work.step("building"):
        wait_for("the spinner", lambda: Seen("[1/1] building …" in said.getvalue(), said.getvalue()), timeout_s=10)
    assert "so far" not in said.getvalue()


def test_words_in_brackets() -> None:
    """Square brackets in what is told are text, not markup."""
    work, said = plan(1)
    with work.step("loading [red]x[/red] of image[1]"):
        pass
    work.note("[-]etcd failed")
    assert "loading [red]x[/red] of image[1]" in said.getvalue()
    assert "  [-]etcd failed" in said.getvalue()


def test_elapsed() -> None:
    """The plan knows how long it has been at work."""
    work, _ = plan()
    assert work.elapsed_s >= 0
