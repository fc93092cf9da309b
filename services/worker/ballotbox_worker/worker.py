"""The worker's loop: from the stream into the ledger, through every failure of either."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import psycopg
from redis.exceptions import RedisError

from ballotbox_worker import ledger, metrics
from ballotbox_worker.entries import Poison, Vote, decode
from ballotbox_worker.stream import GroupMissingError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ballotbox_common.backoff import Backoff
    from ballotbox_worker.stream import Entry, VoteStream

_WAIT_MS = 1000
_HOUSEKEEPING_S = 1.0
# Readiness: a worker that has not looked after its back ends for so long cannot do its work.
_STALE_S = 10.0

_log = logging.getLogger(__name__)


class Worker:
    """Takes votes from `stream` into the database that `connect` opens, until it is told to stop.

    What was read and not acknowledged when something failed is read again first. The commit comes before the
    acknowledgement, so a vote may be written twice, which changes nothing, and is never lost.

    Args:
        stream: This consumer's view of the stream.
        connect: Opens a connection to the database.
        batch_size: The most entries in one transaction.
        claim_idle_ms: After how long another consumer's unfinished entries are taken over.
        forget_idle_ms: After how long a consumer that holds nothing is taken off the list.
        backoff: How long to wait after a failure.
    """

    def __init__(
        self,
        stream: VoteStream,
        connect: Callable[[], psycopg.Connection],
        *,
        batch_size: int,
        claim_idle_ms: int,
        forget_idle_ms: int,
        backoff: Backoff,
    ) -> None:
        self._stream = stream
        self._connect = connect
        self._batch_size = batch_size
        self._claim_idle_ms = claim_idle_ms
        self._forget_idle_ms = forget_idle_ms
        self._backoff = backoff
        self._database: psycopg.Connection | None = None
        self._stop = threading.Event()
        self._recovering = True
        self._next_housekeeping = 0.0
        self._next_claim = 0.0
        self._seen_well: float | None = None
        self._trouble = "starting"

    def stop(self) -> None:
        """Have `run` return after the batch under way."""
        self._stop.set()

    def why_not_ready(self) -> str | None:
        """Give the reason why votes are not being written now, or None; for another thread."""
        if self._stop.is_set():
            return "draining"
        seen_well = self._seen_well
        if seen_well is None or time.monotonic() - seen_well > _STALE_S:
            return self._trouble
        return None

    def run(self) -> None:
        """Work until `stop`; no failure of a back end ends it."""
        while not self._stop.is_set():
            try:
                self.work_once()
                self._backoff.reset()
            except GroupMissingError:
                self._prepare("the consumer group is missing")
            except RedisError as error:
                self._fail("redis", error)
            except psycopg.Error as error:
                self._fail("postgres", error)
        self._leave()

    def work_once(self, *, wait_ms: int = _WAIT_MS) -> int:
        """Do one round: housekeeping if it is due, then one batch; give the number of entries.

        Raises:
            GroupMissingError: The stream has no group; `run` then makes it.
            redis.exceptions.RedisError: Redis is away.
            psycopg.Error: The database is away.
        """
        now = time.monotonic()
        if now >= self._next_housekeeping:
            self._keep_house()
            self._next_housekeeping = now + _HOUSEKEEPING_S
        entries = self._next_batch(now, wait_ms)
        if entries:
            self._finish(entries)
        return len(entries)

    def _next_batch(self, now: float, wait_ms: int) -> list[Entry]:
        if self._recovering:
            entries = self._stream.read_own_pending(at_most=self._batch_size)
            if entries:
                return entries
            self._recovering = False
        if now >= self._next_claim:
            entries = self._stream.claim_abandoned(idle_ms=self._claim_idle_ms, at_most=self._batch_size)
            if entries:
                metrics.CLAIMED.inc(len(entries))
                _log.warning("took over what another worker left", extra={"entries": len(entries)})
                return entries
            self._next_claim = now + self._claim_idle_ms / 2000
        return self._stream.read_new(at_most=self._batch_size, wait_ms=wait_ms)

    def _finish(self, entries: Sequence[Entry]) -> None:
        """Write a batch, then acknowledge it. If either fails, the batch is read again as our own pending entries."""
        recovering, self._recovering = self._recovering, True
        with metrics.BATCH_SECONDS.time():
            decoded = [decode(entry.id, entry.fields) for entry in entries if entry.fields is not None]
            votes = [item for item in decoded if isinstance(item, Vote)]
            written = ledger.write(self._open_database(), votes)
            poison = [item for item in decoded if isinstance(item, Poison)] + list(written.poison)
            for item in poison:
                self._stream.set_aside(item)
            set_aside = {item.entry_id for item in poison}
            self._stream.acknowledge([entry.id for entry in entries if entry.id not in set_aside])
        self._recovering = recovering
        metrics.BATCH_VOTES.observe(len(entries))
        metrics.APPLIED.inc(written.applied)
        metrics.SUPERSEDED.inc(written.superseded)
        metrics.DEAD_LETTERED.inc(len(poison))
        _log.debug("batch written", extra={"applied": written.applied, "superseded": written.superseded})

    def _keep_house(self) -> None:
        """See that both back ends answer, delete what is done with, and tell how far we are."""
        self._open_database().execute("SELECT 1")
        metrics.TRIMMED.inc(self._stream.trim())
        self._stream.forget_idle_consumers(idle_ms=self._forget_idle_ms)
        backlog = self._stream.backlog()
        metrics.LAG.set(backlog.lag)
        metrics.PENDING.set(backlog.pending)
        metrics.LENGTH.set(backlog.length)
        if self._seen_well is None or self._trouble:
            _log.info("at work", extra={"lag": backlog.lag, "pending": backlog.pending})
        self._seen_well, self._trouble = time.monotonic(), ""

    def _open_database(self) -> psycopg.Connection:
        if self._database is None or self._database.closed:
            self._database = self._connect()
        return self._database

    def _prepare(self, why: str) -> None:
        _log.warning(why)
        try:
            self._stream.ensure_group()
        except RedisError as error:
            self._fail("redis", error)

    def _fail(self, backend: str, error: Exception) -> None:
        """Wait before the next round; a connection that failed is not used again."""
        if self._database is not None and backend == "postgres":
            self._database.close()
            self._database = None
        self._trouble = f"{backend}: {error}".strip()
        # At once, not in ten seconds: nothing is being written now.
        self._seen_well = None
        self._next_housekeeping = 0.0
        metrics.FAILURES.labels(backend).inc()
        wait_s = self._backoff.next_s()
        _log.error(
            "a back end failed",
            extra={
                "backend": backend,
                "error": str(error).strip(),
                "kind": type(error).__name__,
                "wait_s": round(wait_s, 3),
            },
        )
        self._stop.wait(wait_s)

    def _leave(self) -> None:
        try:
            self._stream.leave()
        except (GroupMissingError, RedisError) as error:
            _log.warning("could not sign off", extra={"error": str(error)})
        if self._database is not None:
            self._database.close()
        _log.info("drained")
