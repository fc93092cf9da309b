"""What a stream entry says."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballotbox_worker.entries import Poison, Version, Vote, decode, latest_by_voter

GOOD = {"voter_id": "v-1", "choice": "a", "at": "2026-11-24T12:00:00.000+00:00"}


def vote(voter_id: str, ms: int, seq: int = 0, choice: str = "a") -> Vote:
    """Make a vote."""
    return Vote(voter_id, choice, Version(ms, seq), dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


def test_reads_a_vote() -> None:
    """Every field arrives where it belongs."""
    assert decode("17-3", GOOD) == Vote("v-1", "a", Version(17, 3), dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC))


def test_lets_unknown_fields_through() -> None:
    """A later release may add a field."""
    assert isinstance(decode("17-3", GOOD | {"new": "x"}), Vote)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"voter_id": ""}, "voter_id: expected"),
        ({"voter_id": "x" * 65}, "voter_id: expected"),
        ({"voter_id": "a\x00b"}, "voter_id: expected"),
        ({"voter_id": "é"}, "voter_id: expected"),
        ({"voter_id": "v-1\n"}, "voter_id: expected"),
        ({"choice": "c"}, "choice: expected one of a, b"),
        ({"choice": "A"}, "choice: expected one of a, b"),
        ({"choice": ""}, "choice: expected one of a, b"),
        ({"at": "yesterday"}, "at: expected a moment"),
        ({"at": "2026-11-24T12:00:00"}, "at: expected a moment"),
    ],
)
def test_names_what_is_wrong(change: dict[str, str], reason: str) -> None:
    """An entry that can never be written is poison, and says why."""
    poison = decode("17-3", GOOD | change)
    assert isinstance(poison, Poison)
    assert poison.reason.startswith(reason)


def test_names_the_missing_fields() -> None:
    """All missing fields are named."""
    assert decode("1-0", {"choice": "a"}) == Poison("1-0", {"choice": "a"}, "no field at, voter_id")


@given(st.dictionaries(st.sampled_from(["voter_id", "choice", "at", "x"]), st.text()))
def test_never_fails(fields: dict[str, str]) -> None:
    """Whatever an entry holds, decoding gives a vote or poison."""
    assert isinstance(decode("1-0", fields), Vote | Poison)


def test_versions_are_numbers() -> None:
    """The order is that of numbers, not of text."""
    assert Version.parse("9-9") < Version.parse("10-0") < Version.parse("10-2") < Version.parse("10-10")


@given(st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 9), st.integers(0, 3)), unique_by=lambda t: t[1:]))
def test_keeps_the_latest_vote_of_each_voter(cast: list[tuple[str, int, int]]) -> None:
    """In any order of arrival each voter appears once, with the greatest version, sorted by voter."""
    kept = latest_by_voter(vote(*row) for row in cast)
    assert [v.voter_id for v in kept] == sorted({voter for voter, _, _ in cast})
    assert all(v.version == max(Version(ms, seq) for voter, ms, seq in cast if voter == v.voter_id) for v in kept)
