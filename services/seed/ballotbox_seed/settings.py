"""What the seed reads from its environment."""

from __future__ import annotations

from dataclasses import dataclass

from ballotbox_common import settings


@dataclass(frozen=True)
class SeedSettings:
    """The settings of the seed; field comments name what is not obvious."""

    vote_url: str = settings.web_address("VOTE_URL", "http://vote")
    votes: int = settings.integer("VOTES", 3000, at_least=1, at_most=10_000_000)
    voters: int = settings.integer("VOTERS", 1000, at_least=1, at_most=1_000_000)
    # How many voters vote at the same time.
    concurrency: int = settings.integer("CONCURRENCY", 32, at_least=1, at_most=1000)
    # How many percent of the votes are for choice a, about.
    percent_a: int = settings.integer("PERCENT_A", 55, at_least=0, at_most=100)
    # The same number gives the same votes.
    random_seed: int = settings.integer("RANDOM_SEED", 1, at_least=0, at_most=2**31)
    # Seconds after which a vote that is not acknowledged is given up.
    give_up_s: int = settings.integer("GIVE_UP_S", 60, at_least=1, at_most=3600)
    log_level: str = settings.level()
