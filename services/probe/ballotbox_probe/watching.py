"""Tries one target again and again, to see at what moment its verdict turns."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, NamedTuple

from ballotbox_probe.attempts import attempt

if TYPE_CHECKING:
    from collections.abc import Callable

    from ballotbox_probe.targets import Target

INTERVAL_S = 0.02
# Shorter than the second after which Linux sends a lost SYN again: the verdict is that of the moment it was first sent.
SAMPLE_TIMEOUT_S = 0.5


class Sample(NamedTuple):
    """One attempt: when it began, in seconds since the epoch, and what was seen."""

    at: float
    verdict: str

    def __str__(self) -> str:
        return json.dumps(self._asdict())


def watch(target: Target, seconds: float, tell: Callable[[Sample], None], interval_s: float = INTERVAL_S) -> None:
    """Begin an attempt every `interval_s` for so many seconds, and tell of each one as it ends."""
    lock = threading.Lock()

    def once() -> None:
        began = time.time()
        verdict = attempt(target, SAMPLE_TIMEOUT_S).verdict
        with lock:
            tell(Sample(began, verdict))

    start = time.monotonic()
    threads = []
    for index in range(max(1, int(seconds / interval_s))):
        time.sleep(max(0.0, start + index * interval_s - time.monotonic()))
        threads.append(threading.Thread(target=once, daemon=True))
        threads[-1].start()
    for thread in threads:
        thread.join()
