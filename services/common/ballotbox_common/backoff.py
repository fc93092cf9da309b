"""Back-off with full jitter: how long to wait before the next attempt, so that many clients do not return as one.

The rule is "full jitter" of https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/.
"""

from __future__ import annotations

import random

# Not for secrets: it only has to differ between processes.
_DICE = random.SystemRandom()


class Backoff:
    """Waits that grow: the n-th is drawn evenly from 0 to `base_s` * 2^n seconds, and never exceeds `cap_s`."""

    def __init__(self, *, base_s: float, cap_s: float, dice: random.Random = _DICE) -> None:
        self._base_s = base_s
        self._cap_s = cap_s
        self._dice = dice
        self._ceiling_s = base_s

    def next_s(self) -> float:
        """Give the seconds to wait now, and let the next wait be longer."""
        wait_s = self._dice.uniform(0, self._ceiling_s)
        self._ceiling_s = min(self._cap_s, self._ceiling_s * 2)
        return wait_s

    def reset(self) -> None:
        """Begin again with short waits: the last attempt worked."""
        self._ceiling_s = self._base_s
