"""Waits on conditions: the one place that sleeps."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Seen:
    """One look at what is waited for: whether it is there, and what was seen, for the error message."""

    done: bool
    state: str


class WaitError(UserError):
    """What was waited for did not come; the message has the state that was seen last."""


def wait_for(
    what: str,
    look: Callable[[], Seen],
    *,
    timeout_s: float,
    interval_s: float = 0.1,
    on_look: Callable[[Seen, float], None] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> float:
    """Look again and again until `look` says done.

    Args:
        what: What is waited for, as a noun phrase; it opens the error message.
        look: Gives the present state. It is called at least once, and once more after the time is up.
        timeout_s: Seconds to wait at most.
        interval_s: Seconds between two looks.
        on_look: Is told of each look and of the seconds waited so far, for progress.
        clock: The monotonic clock, in seconds.
        sleep: Waits that many seconds.

    Returns:
        The seconds it took.

    Raises:
        WaitError: The time was up.
    """
    start = clock()
    while True:
        late = clock() - start >= timeout_s
        seen = look()
        waited_s = clock() - start
        if on_look is not None:
            on_look(seen, waited_s)
        if seen.done:
            return waited_s
        if late:
            raise WaitError(f"{what}: not there after {timeout_s:g} s; last seen: {seen.state}")
        sleep(min(interval_s, max(0.0, timeout_s - waited_s)))
