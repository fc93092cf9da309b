"""The ledger against a real PostgreSQL."""

from __future__ import annotations

import datetime as dt
import json
import random
import threading
from typing import TYPE_CHECKING

import psycopg
import pytest

from ballotbox_worker.entries import Version, Vote
from ballotbox_worker.ledger import Written, write
from tests.fix_postgres import OWNER

if TYPE_CHECKING:
    from tests.fix_postgres import Database

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def vote(voter_id: str, choice: str, ms: int, seq: int = 0) -> Vote:
    """Make a vote."""
    return Vote(voter_id, choice, Version(ms, seq), NOW)


def test_counts_new_and_changed_votes(database: Database) -> None:
    """A changed vote leaves the total as it is."""
    with database.connect("worker") as connection:
        assert write(connection, [vote("x", "a", 1), vote("y", "a", 2)]) == Written(2, 0)
        assert database.tally() == {"a": 2, "b": 0}
        assert write(connection, [vote("x", "b", 3)]) == Written(1, 0)
    assert database.tally() == {"a": 1, "b": 1}


def test_a_replay_changes_nothing(database: Database) -> None:
    """The same batch twice is as once: neither votes nor revision move."""
    batch = [vote("x", "a", 1), vote("y", "b", 2)]
    with database.connect("worker") as connection:
        write(connection, batch)
        before = revision(database)
        assert write(connection, batch) == Written(0, 2)
    assert (database.tally(), revision(database)) == ({"a": 1, "b": 1}, before)


def test_an_older_vote_that_comes_late_loses(database: Database) -> None:
    """Order of arrival does not matter, the version does; sequence numbers are numbers."""
    with database.connect("worker") as connection:
        write(connection, [vote("x", "b", 5, 10)])
        assert write(connection, [vote("x", "a", 5, 9), vote("x", "a", 4, 99)]) == Written(0, 2)
    assert database.votes() == {"x": "b"}


def test_the_latest_of_a_batch_wins(database: Database) -> None:
    """Several votes of one voter in one batch become one row."""
    with database.connect("worker") as connection:
        assert write(connection, [vote("x", "b", 3), vote("x", "a", 9), vote("x", "b", 6)]) == Written(1, 2)
    assert database.votes() == {"x": "a"}


def test_votes_that_the_database_refuses_stand_alone(database: Database) -> None:
    """A constraint that two votes violate costs those two and no other, nor their voters' earlier votes."""
    with database.connect(OWNER) as owner:
        owner.execute("ALTER TABLE votes ADD CHECK (NOT (voter_id LIKE 'bad%' AND choice = 'b'))")
    batch = [vote(f"v{n}", "a", n) for n in range(40)]
    batch[7:7] = [vote("bad1", "a", 100), vote("bad1", "b", 101)]
    batch[30:30] = [vote("bad2", "b", 102)]
    with database.connect("worker") as connection:
        written = write(connection, batch)
    assert (written.applied, written.superseded) == (41, 0)
    assert {poison.entry_id for poison in written.poison} == {"101-0", "102-0"}
    assert all("violates check constraint" in poison.reason for poison in written.poison)
    assert database.tally() == database.recount() == {"a": 41, "b": 0}


def test_what_is_not_about_data_is_raised(database: Database) -> None:
    """A missing right is nothing that setting votes aside would mend."""
    with database.connect(OWNER) as owner:
        owner.execute("REVOKE INSERT ON votes FROM worker")
    with database.connect("worker") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        write(connection, [vote("x", "a", 1)])


def test_the_tally_equals_the_recount_under_concurrency(database: Database) -> None:
    """Four writers with overlapping voters and versions out of order neither block each other nor miscount."""
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        dice = random.Random(seed)  # noqa: S311  # the same batches every time
        try:
            with database.connect("worker") as connection:
                for _ in range(25):
                    write(
                        connection,
                        [
                            vote(f"v{dice.randrange(60)}", dice.choice("ab"), dice.randrange(10**6), seed)
                            for _ in range(40)
                        ],
                    )
        except psycopg.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert database.tally() == database.recount()
    assert sum(database.tally().values()) == 60


def test_the_owner_cannot_miscount_either(database: Database) -> None:
    """Deleting and truncating by hand keep the tally true."""
    with database.connect("worker") as connection:
        write(connection, [vote(f"v{n}", "ab"[n % 2], n) for n in range(10)])
    with database.connect(OWNER) as owner:
        owner.execute("DELETE FROM votes WHERE voter_id IN ('v0', 'v1', 'v2')")
        assert database.tally() == database.recount() == {"a": 3, "b": 4}
        owner.execute("TRUNCATE votes")
        assert database.tally() == {"a": 0, "b": 0}


def test_notifies_with_both_counts_and_a_growing_revision(database: Database) -> None:
    """Listeners get the tally itself, after the commit, each with a greater revision."""
    with database.connect("result") as listener, database.connect("worker") as connection:
        listener.execute("LISTEN tally")
        for n in range(3):
            write(connection, [vote(f"v{n}", "a", n)])
        notes = [json.loads(note.payload) for note in listener.notifies(timeout=5, stop_after=3)]
    assert [(note["a"], note["b"]) for note in notes] == [(1, 0), (2, 0), (3, 0)]
    assert [note["revision"] for note in notes] == sorted({note["revision"] for note in notes})


def test_a_batch_that_is_rolled_back_is_not_counted(database: Database) -> None:
    """Tally and votes share their transaction."""
    with database.connect("worker") as connection, connection.transaction(force_rollback=True):
        write(connection, [vote("x", "a", 1)])
    assert database.tally() == {"a": 0, "b": 0}


def revision(database: Database) -> int:
    """Give the tally's revision."""
    with database.connect("result") as connection:
        row = connection.execute("SELECT revision FROM current_tally").fetchone()
    assert row is not None
    return int(row[0])
