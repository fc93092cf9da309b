"""The listener against a real PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import operator
from functools import partial
from typing import TYPE_CHECKING

import psycopg

from ballotbox_common.backoff import Backoff
from ballotbox_result.listener import Listener
from ballotbox_result.tally import Tally
from ballotbox_worker.entries import Version, Vote
from ballotbox_worker.ledger import write
from tests.fix_postgres import OWNER, PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.fix_postgres import Database, PostgresServer


class Ear:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.heard: list[Tally | None] = []

    def show(self, tally: Tally) -> None:
        """Take a tally."""
        self.heard.append(tally)

    def lose(self) -> None:
        """Take a loss."""
        self.heard.append(None)

    @property
    def last(self) -> Tally | None:
        """The last thing heard."""
        return self.heard[-1] if self.heard else None


def vote(database: Database, *voters: str, choice: str = "a", ms: int = 1) -> None:
    """Write votes as the worker does."""
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    with database.connect("worker") as connection:
        write(connection, [Vote(voter, choice, Version(ms, 0), at) for voter in voters])


async def until(condition: Callable[[], object]) -> None:
    """Wait until `condition` is true."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # the condition is often in another process
            await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def listening(database: Database, ear: Ear, *, silence_s: float = 10) -> AsyncIterator[Listener]:
    """Run a listener."""

    async def connect() -> psycopg.AsyncConnection:
        return await psycopg.AsyncConnection.connect(
            host="127.0.0.1",
            port=database.server.port,
            dbname=database.name,
            user="result",
            password=PASSWORD,
            autocommit=True,
        )

    listener = Listener(connect, ear, backoff=Backoff(base_s=0.01, cap_s=0.05), silence_s=silence_s)
    task = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def test_reads_what_there_is_then_hears_what_comes(database: Database) -> None:
    """The tally at the start, then every change."""

    async def scene() -> None:
        vote(database, "x")
        ear = Ear()
        async with listening(database, ear) as listener:
            await until(lambda: ear.last == Tally(1, 1, 0))
            assert listener.trouble is None
            vote(database, "y", choice="b")
            await until(lambda: ear.last == Tally(2, 1, 1))

    asyncio.run(scene())


def test_a_cut_connection_is_replaced_and_what_was_missed_is_read(database: Database) -> None:
    """A vote that came while nobody listened is known before anything else is heard."""

    async def scene() -> None:
        ear = Ear()
        async with listening(database, ear) as listener:
            await until(lambda: ear.last == Tally(0, 0, 0))
            with database.server.superuser() as superuser:
                # Nobody can come back until the vote is in.
                superuser.execute("ALTER ROLE result NOLOGIN")
                superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'result'")
                await until(lambda: ear.last is None)
                assert "postgres" in (listener.trouble or "")
                await asyncio.to_thread(vote, database, "x", "y")
                superuser.execute("ALTER ROLE result LOGIN")
            await until(lambda: ear.last is not None)
            assert ear.last == Tally(1, 2, 0)
            assert listener.trouble is None
            vote(database, "z", choice="b")
            await until(lambda: ear.last == Tally(2, 2, 1))

    asyncio.run(scene())


def test_outlives_a_crash_of_the_database(own_postgres: PostgresServer) -> None:
    """Away at the start, back, crashed, back again."""

    async def scene() -> None:
        database = own_postgres.new_database()
        own_postgres.stop()
        ear = Ear()
        async with listening(database, ear):
            await until(lambda: ear.heard == [None] * len(ear.heard) and len(ear.heard) > 2)
            await asyncio.to_thread(own_postgres.start)
            await until(lambda: ear.last == Tally(0, 0, 0))
            await asyncio.to_thread(own_postgres.stop)
            await until(lambda: ear.last is None)
            await asyncio.to_thread(own_postgres.start)
            await until(lambda: ear.last == Tally(0, 0, 0))

    asyncio.run(scene())


def test_hears_what_comes_during_the_sign_of_life(database: Database) -> None:
    """A notification that arrives while the connection is asked for life is not lost."""

    async def scene() -> None:
        ear = Ear()
        async with listening(database, ear, silence_s=0.001):
            await until(lambda: ear.last == Tally(0, 0, 0))
            for number in range(1, 31):
                await asyncio.to_thread(vote, database, f"v{number}")
                await until(partial(operator.contains, ear.heard, Tally(number, number, 0)))
            assert None not in ear.heard

    asyncio.run(scene())


def test_a_restored_database_may_count_from_an_earlier_revision(database: Database) -> None:
    """What is read after a loss is believed, even if its revision is lower."""

    async def scene() -> None:
        vote(database, "x")
        vote(database, "y")
        ear = Ear()
        async with listening(database, ear):
            await until(lambda: ear.last == Tally(2, 2, 0))
            with database.connect(OWNER) as owner, owner.transaction():
                owner.execute("UPDATE tally_revision SET revision = 0")
                owner.execute("UPDATE tally SET count = 0")
            with database.server.superuser() as superuser:
                superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'result'")
            await until(lambda: ear.last == Tally(0, 0, 0))

    asyncio.run(scene())


def test_nonsense_on_the_channel_is_answered_by_reading(database: Database) -> None:
    """Whatever is notified, the listener goes on."""

    async def scene() -> None:
        ear = Ear()
        async with listening(database, ear):
            await until(lambda: ear.last == Tally(0, 0, 0))
            with database.connect(OWNER) as owner:
                owner.execute("SELECT pg_notify('tally', 'nonsense')")
            await until(lambda: None in ear.heard)
            await until(lambda: ear.last == Tally(0, 0, 0))

    asyncio.run(scene())
