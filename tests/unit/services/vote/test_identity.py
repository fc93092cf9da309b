"""The voter's cookie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ballotbox_vote.identity import ForgedCookieError, Voter, VoterCookie, new_voter

KEY = "k" * 32
COOKIE = VoterCookie(key=KEY, secure=False)


@pytest.mark.parametrize("choice", [None, "a", "b"])
def test_comes_back_as_it_went(choice: str | None) -> None:
    """What was written is read."""
    voter = Voter(new_voter().id, choice)
    assert COOKIE.read(COOKIE.write(voter)) == voter


def test_everybody_is_somebody_else() -> None:
    """Ids are random."""
    assert len({new_voter().id for _ in range(1000)}) == 1000


def test_another_key_is_forgery() -> None:
    """Who does not know the key cannot make a voter."""
    with pytest.raises(ForgedCookieError):
        COOKIE.read(VoterCookie(key="x" * 32, secure=False).write(new_voter()))


@given(st.integers(0, 75), st.characters(codec="ascii"))
def test_a_changed_character_is_forgery(position: int, character: str) -> None:
    """No single character can be changed."""
    value = COOKIE.write(Voter("0123456789abcdef" * 2, "a"))
    changed = value[:position] + character + value[position + 1 :]
    # The last character of base64 has bits that are not part of the signature.
    if changed != value and position < len(value) - 1:
        with pytest.raises(ForgedCookieError):
            COOKIE.read(changed)


@given(st.text())
def test_garbage_is_forgery(value: str) -> None:
    """Whatever a client sends, it is refused and nothing fails."""
    with pytest.raises(ForgedCookieError):
        COOKIE.read(value)


def test_content_that_we_would_not_write_is_forgery() -> None:
    """A signed value of another shape, as another release might write, is refused."""
    with pytest.raises(ForgedCookieError):
        COOKIE.read(COOKIE._signer.sign("admin").decode())


def test_behind_https_the_cookie_is_bound_to_the_host() -> None:
    """The name carries the prefix that browsers enforce."""
    assert VoterCookie(key=KEY, secure=True).name == "__Host-voter"
