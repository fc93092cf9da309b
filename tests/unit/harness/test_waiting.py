"""Waiting on conditions, with a clock that the test moves."""

from __future__ import annotations

import pytest

from harness.waiting import Seen, WaitError, wait_for


class Clock:
    """A clock that moves only when someone sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        """Move the clock."""
        self.sleeps.append(seconds)
        self.now += seconds


def test_there_at_once() -> None:
    """What is there already costs no sleep."""
    clock = Clock()
    took = wait_for("x", lambda: Seen(done=True, state=""), timeout_s=5, clock=clock, sleep=clock.sleep)
    assert (took, clock.sleeps) == (0.0, [])


def test_comes_later() -> None:
    """What comes later is seen at the next look, and the time it took is given."""
    clock = Clock()

    def look() -> Seen:
        return Seen(clock.now >= 1001.0, "not yet")

    assert wait_for("x", look, timeout_s=5, interval_s=0.25, clock=clock, sleep=clock.sleep) == 1.0
    assert clock.sleeps == [0.25] * 4


def test_gives_up() -> None:
    """What does not come is an error: what it was, how long, and the state that was seen last."""
    clock = Clock()

    def look() -> Seen:
        return Seen(done=False, state=f"seen at {clock.now:g}")

    with pytest.raises(WaitError) as caught:
        wait_for("three pods", look, timeout_s=2.5, interval_s=1, clock=clock, sleep=clock.sleep)
    assert str(caught.value) == "three pods: not there after 2.5 s; last seen: seen at 1002.5"
    assert clock.sleeps == [1, 1, 0.5]


def test_looks_once_more_when_the_time_is_up() -> None:
    """What comes in the very last moment counts."""
    clock = Clock()

    def look() -> Seen:
        return Seen(clock.now >= 1002.0, "not yet")

    assert wait_for("x", look, timeout_s=2, interval_s=5, clock=clock, sleep=clock.sleep) == 2.0


def test_no_time_at_all() -> None:
    """Without time there is one look, and no sleep."""
    clock = Clock()
    looks: list[float] = []

    def look() -> Seen:
        looks.append(clock.now)
        return Seen(done=False, state="no")

    with pytest.raises(WaitError):
        wait_for("x", look, timeout_s=0, clock=clock, sleep=clock.sleep)
    assert (looks, clock.sleeps) == ([1000.0], [])


def test_tells_of_each_look() -> None:
    """Progress is told of each look, with the seconds so far."""
    clock = Clock()
    told: list[tuple[str, float]] = []
    wait_for(
        "x",
        lambda: Seen(clock.now >= 1001.0, f"at {clock.now:g}"),
        timeout_s=5,
        interval_s=1,
        on_look=lambda seen, waited_s: told.append((seen.state, waited_s)),
        clock=clock,
        sleep=clock.sleep,
    )
    assert told == [("at 1000", 0.0), ("at 1001", 1.0)]


def test_an_error_while_looking_ends_the_wait() -> None:
    """Only `look` knows which errors mean "not yet"; any other is raised."""

    def look() -> Seen:
        raise PermissionError("no")

    with pytest.raises(PermissionError):
        wait_for("x", look, timeout_s=5)
