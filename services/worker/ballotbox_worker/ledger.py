"""Writes votes into PostgreSQL: one statement and one transaction for a batch, the last vote of a voter wins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from ballotbox_worker.entries import Poison, Vote, latest_by_voter

if TYPE_CHECKING:
    from collections.abc import Sequence

# Sorted by voter id, so that two workers lock rows in the same order.
_WRITE = """
INSERT INTO votes AS v (voter_id, choice, version_ms, version_seq, cast_at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::bigint[], %s::timestamptz[])
ON CONFLICT (voter_id) DO UPDATE
SET choice = EXCLUDED.choice,
    version_ms = EXCLUDED.version_ms,
    version_seq = EXCLUDED.version_seq,
    cast_at = EXCLUDED.cast_at
WHERE (v.version_ms, v.version_seq) < (EXCLUDED.version_ms, EXCLUDED.version_seq)
"""
# The classes of errors that are about the data and not about the connection, the schema or our rights:
# https://www.postgresql.org/docs/current/errcodes-appendix.html (22 data exception, 23 integrity constraint violation)
_ABOUT_DATA = (psycopg.DataError, psycopg.IntegrityError)


@dataclass(frozen=True)
class Written:
    """What became of a batch: votes that count now, votes that a later one outdid, and what cannot be written."""

    applied: int
    superseded: int
    poison: tuple[Poison, ...] = ()

    def __add__(self, other: Written) -> Written:
        return Written(self.applied + other.applied, self.superseded + other.superseded, self.poison + other.poison)


def write(connection: psycopg.Connection, votes: Sequence[Vote]) -> Written:
    """Write votes durably, those that the database can take.

    If it refuses a batch for its data, the batch is halved until the vote that is refused stands alone; halves are
    transactions of their own, since a transaction that went on after the first half would hold the tally's lock while
    it waits for rows.

    Raises:
        psycopg.Error: The database is away, or has not the schema or the rights we need: nothing wrong with the votes.
    """
    if not votes:
        return Written(0, 0)
    latest = latest_by_voter(votes)
    try:
        applied = _write_once(connection, latest)
    except _ABOUT_DATA as error:
        if len(latest) > 1:
            first_half = {vote.voter_id for vote in latest[: len(latest) // 2]}
            return write(connection, [vote for vote in votes if vote.voter_id in first_half]) + write(
                connection, [vote for vote in votes if vote.voter_id not in first_half]
            )
        # An earlier vote of the same voter may be all right.
        earlier = [vote for vote in votes if vote is not latest[0]]
        return write(connection, earlier) + Written(0, 0, (_poison(latest[0], error),))
    return Written(applied, len(votes) - applied)


def _write_once(connection: psycopg.Connection, votes: Sequence[Vote]) -> int:
    with connection.transaction():
        cursor = connection.execute(
            _WRITE,
            (
                [vote.voter_id for vote in votes],
                [vote.choice for vote in votes],
                [vote.version.ms for vote in votes],
                [vote.version.seq for vote in votes],
                [vote.cast_at for vote in votes],
            ),
        )
        return cursor.rowcount


def _poison(vote: Vote, error: psycopg.Error) -> Poison:
    fields = {"voter_id": vote.voter_id, "choice": vote.choice, "at": vote.cast_at.isoformat()}
    return Poison(str(vote.version), fields, f"the database refuses it: {error.diag.message_primary or error}")
