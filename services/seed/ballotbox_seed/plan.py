"""Who will vote what: drawn before anything is sent, so that the expected tally is known."""

from __future__ import annotations

import random
from collections import Counter


def draw(*, votes: int, voters: int, percent_a: int, random_seed: int) -> list[list[str]]:
    """Give each voter's choices in their order, `a` or `b`; every voter has at least one.

    With fewer votes than voters there are only as many voters as votes.
    """
    dice = random.Random(random_seed)  # noqa: S311  # a demonstration, not a secret
    number = min(voters, votes)
    ballots: list[list[str]] = [[] for _ in range(number)]
    for position in range(votes):
        voter = position if position < number else dice.randrange(number)
        ballots[voter].append("a" if dice.randrange(100) < percent_a else "b")
    return ballots


def expected_tally(ballots: list[list[str]]) -> dict[str, int]:
    """Give the tally of these votes alone: each voter's last one."""
    last = Counter(choices[-1] for choices in ballots if choices)
    return {"a": last["a"], "b": last["b"]}
