"""What a stream entry says: a vote, or something that can never become one."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ballotbox_common.broker import AT, CHOICE, CHOICES, VOTER_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_VOTER_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_FIELDS = frozenset({VOTER_ID, CHOICE, AT})


@dataclass(frozen=True, order=True)
class Version:
    """The order of votes: a stream entry's id, `<milliseconds>-<sequence>`."""

    ms: int
    seq: int

    @classmethod
    def parse(cls, entry_id: str) -> Version:
        """Read an entry id as Redis writes it."""
        ms, _, seq = entry_id.partition("-")
        return cls(int(ms), int(seq))

    def next(self) -> Version:
        """Give the smallest version after this one."""
        return Version(self.ms, self.seq + 1)

    def __str__(self) -> str:
        return f"{self.ms}-{self.seq}"


@dataclass(frozen=True)
class Vote:
    """A voter's choice at a moment."""

    voter_id: str
    choice: str
    version: Version
    cast_at: dt.datetime


@dataclass(frozen=True)
class Poison:
    """An entry that can never be written, and why; its fields are kept as they came."""

    entry_id: str
    fields: Mapping[str, str]
    reason: str


def decode(entry_id: str, fields: Mapping[str, str]) -> Vote | Poison:
    """Read a stream entry.

    Fields that a later release may add are let through; what is missing or wrong makes the entry poison.
    """
    missing = sorted(_FIELDS - fields.keys())
    if missing:
        return Poison(entry_id, fields, f"no field {', '.join(missing)}")
    if not _VOTER_ID.fullmatch(fields[VOTER_ID]):
        return Poison(entry_id, fields, "voter_id: expected 1 to 64 letters, digits, - or _")
    if fields[CHOICE] not in CHOICES:
        return Poison(entry_id, fields, f"choice: expected one of {', '.join(CHOICES)}")
    try:
        cast_at = dt.datetime.fromisoformat(fields[AT])
    except ValueError:
        cast_at = None
    if cast_at is None or cast_at.tzinfo is None:
        return Poison(entry_id, fields, "at: expected a moment as in RFC 3339, with its offset from UTC")
    return Vote(fields[VOTER_ID], fields[CHOICE], Version.parse(entry_id), cast_at)


def latest_by_voter(votes: Iterable[Vote]) -> list[Vote]:
    """Keep each voter's latest vote, in the order of the voter ids.

    One statement must not touch a row twice, and two workers that lock rows in the same order never wait in a circle.
    """
    latest: dict[str, Vote] = {}
    for vote in votes:
        if vote.voter_id not in latest or latest[vote.voter_id].version < vote.version:
            latest[vote.voter_id] = vote
    return [latest[voter_id] for voter_id in sorted(latest)]
