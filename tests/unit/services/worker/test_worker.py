"""The worker's loop against a real Redis and a real PostgreSQL."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from ballotbox_common import broker
from ballotbox_common.backoff import Backoff
from ballotbox_common.broker import DEAD_LETTERS, GROUP, STREAM
from ballotbox_worker.stream import GroupMissingError, VoteStream
from ballotbox_worker.worker import Worker
from harness.waiting import Seen, wait_for
from tests.fix_postgres import OWNER
from tests.fix_redis import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from redis import Redis

    from tests.fix_postgres import Database, PostgresServer
    from tests.fix_redis import RedisServer

AT = "2026-11-24T12:00:00+00:00"


def cast(admin: Redis, voter_id: str, choice: str) -> str:
    """Append a vote; give its entry id."""
    return str(admin.xadd(STREAM, {"voter_id": voter_id, "choice": choice, "at": AT}))


def pending(admin: Redis) -> int:
    """Give how many entries were read and not acknowledged."""
    summary: Any = admin.xpending(STREAM, GROUP)
    return int(summary["pending"])


def until(what: str, condition: Callable[[], object]) -> None:
    """Wait until `condition` is true."""
    wait_for(what, lambda: Seen(done=bool(condition()), state="not so"), timeout_s=20, interval_s=0.02)


class Running:
    """A worker in a thread of its own."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.thread = threading.Thread(target=worker.run)
        self.thread.start()

    def stop(self) -> None:
        """Tell it to drain, and wait."""
        self.worker.stop()
        self.thread.join(timeout=20)
        assert not self.thread.is_alive()


@pytest.fixture
def run() -> Iterator[Callable[[Worker], Running]]:
    """Give a starter of workers; all are stopped when the test ends."""
    running: list[Running] = []

    def start(worker: Worker) -> Running:
        running.append(Running(worker))
        return running[-1]

    yield start
    for one in running:
        one.stop()


def drain(worker: Worker) -> None:
    """Work until nothing is left."""
    while worker.work_once(wait_ms=1):
        pass


def test_takes_votes_into_the_database(admin: Redis, database: Database, worker_of: Callable[[str], Worker]) -> None:
    """Every vote arrives, a changed one counts once, and nothing stays pending."""
    worker = worker_of("one")
    for n in range(250):
        cast(admin, f"v{n}", "a")
    for n in range(100):
        cast(admin, f"v{n}", "b")
    drain(worker)
    assert database.tally() == database.recount() == {"a": 150, "b": 100}
    assert pending(admin) == 0


def test_a_crash_between_commit_and_acknowledgement_changes_nothing(
    admin: Redis, database: Database, stream_of: Callable[[str], VoteStream], worker_of: Callable[[str], Worker]
) -> None:
    """The batch is written again by the restarted worker, and counts once."""

    class Cut(VoteStream):
        def acknowledge(self, entry_ids: Sequence[str]) -> None:
            raise RedisConnectionError(f"cut before {len(entry_ids)} acknowledgements")

    stream_of("one")
    for n in range(10):
        cast(admin, f"v{n}", "a")
    dying = worker_of("one")
    dying._stream.__class__ = Cut
    with pytest.raises(RedisConnectionError, match="cut before 10"):
        dying.work_once(wait_ms=1)
    assert (database.tally(), pending(admin)) == ({"a": 10, "b": 0}, 10)
    cast(admin, "v0", "b")
    drain(worker_of("one"))
    assert (database.tally(), pending(admin)) == ({"a": 9, "b": 1}, 0)


def test_finishes_what_a_dead_worker_left(
    admin: Redis,
    database: Database,
    stream_of: Callable[[str], VoteStream],
    worker_of: Callable[[str], Worker],
    run: Callable[[Worker], Running],
) -> None:
    """Entries that another consumer read and never wrote are claimed; its name goes when it holds nothing."""
    dead = stream_of("dead")
    for n in range(7):
        cast(admin, f"v{n}", "b")
    assert len(dead.read_new(at_most=100, wait_ms=1)) == 7
    run(worker_of("alive"))
    until("the abandoned votes", lambda: database.tally() == {"a": 0, "b": 7})
    until("the dead consumer to be forgotten", lambda: "dead" not in consumers(admin))
    assert pending(admin) == 0


def test_two_workers_share_the_load(
    admin: Redis, database: Database, worker_of: Callable[[str], Worker], run: Callable[[Worker], Running]
) -> None:
    """Whatever the order in which they write, each voter's last vote counts."""
    run(worker_of("one"))
    run(worker_of("two"))
    expected = {}
    for n in range(1500):
        voter, choice = f"v{n * 7 % 40}", "ab"[n * n % 3 % 2]
        expected[voter] = choice
        cast(admin, voter, choice)
    until("all votes to be acknowledged", lambda: admin.xlen(STREAM) == 0)
    assert database.votes() == expected
    assert database.tally() == database.recount()


def test_poison_is_never_in_the_way(admin: Redis, database: Database, worker_of: Callable[[str], Worker]) -> None:
    """Undecodable, invalid and refused entries are set aside; the votes around them count."""
    worker = worker_of("one")
    with database.connect(OWNER) as owner:
        owner.execute("ALTER TABLE votes ADD CHECK (voter_id <> 'refused')")
    cast(admin, "first", "a")
    admin.xadd(STREAM, {b"\xff": b"\xfe"})
    cast(admin, "refused", "a")
    cast(admin, "someone", "c")
    cast(admin, "last", "b")
    drain(worker)
    assert database.votes() == {"first": "a", "last": "b"}
    letters: Any = admin.xrange(DEAD_LETTERS)
    assert [letter["reason"].partition(":")[0] for _, letter in letters] == [
        "no field at, choice, voter_id",
        "choice",
        "the database refuses it",
    ]
    assert pending(admin) == 0


def test_trims_behind_itself(
    admin: Redis, worker_of: Callable[[str], Worker], run: Callable[[Worker], Running]
) -> None:
    """The stream does not grow with what is done with."""
    run(worker_of("one"))
    for n in range(30):
        cast(admin, f"v{n}", "a")
    until("an empty stream", lambda: admin.xlen(STREAM) == 0)


def test_makes_the_group_again_when_it_is_lost(
    admin: Redis, database: Database, worker_of: Callable[[str], Worker], run: Callable[[Worker], Running]
) -> None:
    """A Redis that came back empty gets its group, from the first entry on."""
    worker = worker_of("one")
    admin.flushall()
    with pytest.raises(GroupMissingError):
        worker.work_once(wait_ms=1)
    cast(admin, "x", "a")
    run(worker)
    until("the vote", lambda: database.tally() == {"a": 1, "b": 0})


def test_waits_while_the_schema_is_missing(
    admin: Redis,
    database: Database,
    worker_of: Callable[[str], Worker],
    run: Callable[[Worker], Running],
) -> None:
    """A database that is not migrated yet keeps the votes waiting, not dead-lettered."""
    with database.connect(OWNER) as owner:
        owner.execute("ALTER TABLE votes RENAME TO not_yet")
        worker = worker_of("one")
        run(worker)
        cast(admin, "x", "a")
        until("the read", lambda: pending(admin) == 1)
        until("the reason", lambda: "votes" in (worker.why_not_ready() or ""))
        owner.execute("ALTER TABLE not_yet RENAME TO votes")
    until("the vote", lambda: database.tally() == {"a": 1, "b": 0})
    until("readiness", lambda: worker.why_not_ready() is None)
    assert admin.exists(DEAD_LETTERS) == 0


def test_outlives_its_back_ends(
    own_redis: RedisServer, own_postgres: PostgresServer, run: Callable[[Worker], Running]
) -> None:
    """Votes survive a crash of Redis, a crash of PostgreSQL, and both being away when the worker starts."""
    database = own_postgres.new_database()
    client = broker.connect(host="127.0.0.1", port=own_redis.port, username="worker", password=PASSWORD, timeout_s=2)
    own_redis.stop()
    own_postgres.stop()
    worker = Worker(
        VoteStream(client, consumer="one"),
        lambda: database.connect("worker"),
        batch_size=10,
        claim_idle_ms=500,
        forget_idle_ms=60_000,
        backoff=Backoff(base_s=0.01, cap_s=0.1),
    )
    running = run(worker)
    assert worker.why_not_ready()
    own_redis.start()
    own_postgres.start()
    with own_redis.client() as admin:
        cast(admin, "x", "a")
        until("the first vote", lambda: database.tally() == {"a": 1, "b": 0})
        own_postgres.stop()
        cast(admin, "y", "b")
        until("the loss to be noticed", worker.why_not_ready)
        own_redis.stop(gently=False)
    own_postgres.start()
    own_redis.start()
    until("the second vote", lambda: database.tally() == {"a": 1, "b": 1})
    until("readiness", lambda: worker.why_not_ready() is None)
    running.stop()
    assert worker.why_not_ready() == "draining"
    client.close()


def test_drains_when_told_to_stop(
    admin: Redis, database: Database, worker_of: Callable[[str], Worker], run: Callable[[Worker], Running]
) -> None:
    """The batch under way is finished and acknowledged; the consumer signs off."""
    with database.connect(OWNER) as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE votes")
        running = run(worker_of("one"))
        cast(admin, "x", "a")
        until("the read", lambda: pending(admin) == 1)
        running.worker.stop()
    running.stop()
    assert (database.tally(), pending(admin), consumers(admin)) == ({"a": 1, "b": 0}, 0, [])


def test_a_cut_connection_is_replaced(
    admin: Redis, database: Database, worker_of: Callable[[str], Worker], run: Callable[[Worker], Running]
) -> None:
    """PostgreSQL ends the session, and the worker opens another."""
    run(worker_of("one"))
    cast(admin, "x", "a")
    until("the first vote", lambda: database.tally() == {"a": 1, "b": 0})
    with database.server.superuser() as superuser:
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'worker'")
    cast(admin, "x", "b")
    until("the second vote", lambda: database.tally() == {"a": 0, "b": 1})


def consumers(admin: Redis) -> list[str]:
    """Give the names in the group."""
    rows: Any = admin.xinfo_consumers(STREAM, GROUP)
    return [row["name"] for row in rows]


def test_an_error_in_the_middle_is_raised_once(
    admin: Redis, database: Database, worker_of: Callable[[str], Worker]
) -> None:
    """After a failure the same entries come again before any new one."""
    worker = worker_of("one")
    cast(admin, "x", "a")
    with database.connect(OWNER) as owner:
        owner.execute("REVOKE INSERT ON votes FROM worker")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            worker.work_once(wait_ms=1)
        cast(admin, "x", "b")
        owner.execute("GRANT INSERT ON votes TO worker")
    assert worker.work_once(wait_ms=1) == 1
    assert database.votes() == {"x": "a"}
    drain(worker)
    assert database.votes() == {"x": "b"}
