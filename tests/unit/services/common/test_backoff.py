"""Back-off with full jitter."""

from __future__ import annotations

import random

from ballotbox_common.backoff import Backoff


class Highest(random.Random):
    """A die that always shows the most."""

    def uniform(self, a: float, b: float) -> float:
        """Give the upper end."""
        assert a == 0
        return b


def test_doubles_up_to_the_cap_and_begins_again() -> None:
    """The upper ends grow twofold, stay at the cap, and return to the base after a reset."""
    backoff = Backoff(base_s=0.5, cap_s=3, dice=Highest())
    assert [backoff.next_s() for _ in range(5)] == [0.5, 1, 2, 3, 3]
    backoff.reset()
    assert backoff.next_s() == 0.5


def test_spreads_over_the_whole_range() -> None:
    """Many clients that failed together do not return together."""
    waits = [Backoff(base_s=1, cap_s=1, dice=random.Random(n)).next_s() for n in range(200)]  # noqa: S311  # repeatable
    assert min(waits) < 0.1
    assert max(waits) > 0.9
    assert len(set(waits)) == 200
