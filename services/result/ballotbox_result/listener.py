"""Listens to PostgreSQL: one connection, told of each new tally, never asking for it but after it was away."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

import psycopg

from ballotbox_result.metrics import LOST
from ballotbox_result.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ballotbox_common.backoff import Backoff

CHANNEL = "tally"
# A network that swallows packets looks like silence, so a silent connection is asked for a sign of life.
_SILENCE_S = 10.0
_ANSWER_S = 5.0

_log = logging.getLogger(__name__)


class Audience(Protocol):
    """Who is told."""

    def show(self, tally: Tally) -> None:
        """Take the present tally."""

    def lose(self) -> None:
        """Take note that the tally shown may be out of date from now on."""


class Listener:
    """Tells `audience` of every tally, through every loss of the database.

    Args:
        connect: Opens a connection in autocommit mode.
        audience: Is told.
        backoff: How long to wait after a failure.
        silence_s: After how many seconds the connection is asked for a sign of life.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[psycopg.AsyncConnection]],
        audience: Audience,
        *,
        backoff: Backoff,
        silence_s: float = _SILENCE_S,
    ) -> None:
        self._connect = connect
        self._audience = audience
        self._backoff = backoff
        self._silence_s = silence_s
        # Read by the admin server's threads.
        self.trouble: str | None = "not connected to the database yet"

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            try:
                async with asyncio.timeout(_ANSWER_S):
                    connection = await self._connect()
                async with connection:
                    await self._listen(connection)
            except (psycopg.Error, OSError, ValueError, TimeoutError) as error:
                self.trouble = f"postgres: {error}".strip() or type(error).__name__
                self._audience.lose()
                LOST.inc()
                wait_s = self._backoff.next_s()
                _log.error(  # what happens when a back end goes away is no news to need a traceback for
                    "the tally cannot be followed",
                    extra={"error": str(error).strip(), "kind": type(error).__name__, "wait_s": round(wait_s, 3)},
                )
                await asyncio.sleep(wait_s)

    async def _listen(self, connection: psycopg.AsyncConnection) -> None:
        # In this order: what is committed after LISTEN is notified, what was before is read.
        await self._ask(connection, f"LISTEN {CHANNEL}")
        cursor = await self._ask(connection, "SELECT revision, a, b FROM current_tally")
        row = await cursor.fetchone()
        if row is None:
            raise ValueError("current_tally is empty")
        self._audience.show(Tally(*row))
        self.trouble = None
        self._backoff.reset()
        _log.info("following the tally", extra={"revision": row[0]})
        while True:
            async for note in connection.notifies(timeout=self._silence_s):
                self._audience.show(Tally.parse(note.payload))
            await self._ask(connection, "SELECT 1")

    async def _ask(self, connection: psycopg.AsyncConnection, statement: str) -> psycopg.AsyncCursor:
        async with asyncio.timeout(_ANSWER_S):
            return await connection.execute(statement.encode())
