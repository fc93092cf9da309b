"""Who will vote what."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from hypothesis import given
from hypothesis import strategies as st

from ballotbox_seed.plan import draw, expected_tally


@given(st.integers(1, 300), st.integers(1, 100), st.integers(0, 100), st.integers(0, 99))
def test_as_many_votes_as_asked_and_nobody_without_one(
    votes: int, voters: int, percent_a: int, random_seed: int
) -> None:
    """Every vote is given to somebody, every voter votes."""
    ballots = draw(votes=votes, voters=voters, percent_a=percent_a, random_seed=random_seed)
    assert sum(map(len, ballots)) == votes
    assert len(ballots) == min(votes, voters)
    assert all(ballots)
    assert sum(expected_tally(ballots).values()) == len(ballots)


def test_the_same_seed_gives_the_same_votes() -> None:
    """A demonstration can be repeated."""
    plans = [draw(votes=50, voters=9, percent_a=50, random_seed=seed) for seed in (1, 1, 2)]
    assert plans[0] == plans[1] != plans[2]


def test_the_share_is_about_what_was_asked() -> None:
    """Of many votes, 70 percent are for a."""
    counts = Counter(chain(*draw(votes=20_000, voters=100, percent_a=70, random_seed=1)))
    assert 0.68 < counts["a"] / 20_000 < 0.72


def test_the_last_vote_counts() -> None:
    """The expected tally is of last votes."""
    assert expected_tally([["a", "b"], ["b", "a", "a"], ["b"]]) == {"a": 1, "b": 2}
