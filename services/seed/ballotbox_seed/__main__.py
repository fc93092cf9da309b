"""Runs the seed: `python -m ballotbox_seed`. The exit code is 0 only if every vote was acknowledged."""

from __future__ import annotations

import asyncio
import logging
import sys
import time

from ballotbox_common.logs import configure
from ballotbox_common.settings import load_or_exit
from ballotbox_seed.plan import draw, expected_tally
from ballotbox_seed.settings import SeedSettings
from ballotbox_seed.voting import Score, cast

_PROGRESS_S = 2.0

_log = logging.getLogger("ballotbox_seed")


class Progress:
    """Tells every few seconds how far it is, and how long the rest will take."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._next = self._start + _PROGRESS_S

    def __call__(self, score: Score) -> None:
        """Tell, if it is time to."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _PROGRESS_S
            rate = score.done / (now - self._start)
            _log.info(
                "progress",
                extra={
                    "acknowledged": score.acknowledged,
                    "of": score.total,
                    "per_s": round(rate),
                    "left_s": round((score.total - score.done) / rate, 1),
                },
            )


def main() -> int:
    """Cast the votes; give the exit code."""
    settings = load_or_exit("seed", SeedSettings)
    configure("seed", settings.log_level)
    # A line for each request would drown the progress.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    ballots = draw(
        votes=settings.votes,
        voters=settings.voters,
        percent_a=settings.percent_a,
        random_seed=settings.random_seed,
    )
    start = time.monotonic()
    _log.info("voting", extra={"url": settings.vote_url, "votes": settings.votes, "voters": len(ballots)})
    score = asyncio.run(
        cast(
            settings.vote_url,
            ballots,
            concurrency=settings.concurrency,
            give_up_s=settings.give_up_s,
            progress=Progress(),
        )
    )
    took_s = time.monotonic() - start
    _log.info(
        "done",
        extra={
            "acknowledged": score.acknowledged,
            "given_up": score.given_up,
            "retries": score.retries,
            "took_s": round(took_s, 1),
            "per_s": round(score.acknowledged / took_s),
            # Of these voters alone; with an empty ballot box this is what the result page has to show.
            "expected": expected_tally(ballots),
        },
    )
    return 0 if score.acknowledged == score.total else 1


if __name__ == "__main__":
    sys.exit(main())
