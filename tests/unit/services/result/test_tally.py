"""The tally and its message."""

from __future__ import annotations

import json

import pytest

from ballotbox_result.tally import Tally, message


def test_reads_what_postgresql_notifies() -> None:
    """The payload of the trigger is a tally."""
    assert Tally.parse('{"revision" : 7, "a" : 2, "b" : 1}') == Tally(7, 2, 1)


@pytest.mark.parametrize(
    "payload", ["", "[]", "{}", "null", '{"revision": 1, "a": 1}', '{"revision": 1, "a": "x", "b": 1}']
)
def test_anything_else_is_an_error(payload: str) -> None:
    """Something that is no tally is said to be none."""
    with pytest.raises(ValueError, match=r"not a tally|Expecting|invalid literal"):
        Tally.parse(payload)


def test_the_message_has_both_counts_and_whether_they_are_current() -> None:
    """A page needs nothing else."""
    assert json.loads(message(Tally(7, 2, 1), live=True)) == {"a": 2, "b": 1, "total": 3, "revision": 7, "live": True}


def test_before_the_first_tally_the_counts_are_null() -> None:
    """Not known is not zero."""
    assert json.loads(message(None, live=False)) == {
        "a": None,
        "b": None,
        "total": None,
        "revision": None,
        "live": False,
    }
