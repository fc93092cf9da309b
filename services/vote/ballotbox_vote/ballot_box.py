"""Where votes go: the Redis stream. A vote is cast when Redis has answered, and Redis answers when it is on disk."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from typing import TYPE_CHECKING, cast

from redis.exceptions import OutOfMemoryError, RedisError

from ballotbox_common.broker import AT, CHOICE, STREAM, VOTER_ID

if TYPE_CHECKING:
    from redis import Redis

_log = logging.getLogger(__name__)


class BallotBoxAwayError(Exception):
    """Redis cannot take the vote now; it may work again soon."""


class BallotBoxFullError(BallotBoxAwayError):
    """Redis has no memory left. It refuses new votes rather than drop old ones (maxmemory-policy noeviction)."""


class BallotBox:
    """Casts votes into the stream.

    Nothing is ever trimmed here: how much of the stream is done with is known to the worker alone. When the stream has
    filled Redis's memory, votes are refused and the voter is told so.
    """

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._away = False
        self._lock = threading.Lock()

    def cast(self, voter_id: str, choice: str) -> str:
        """Append a vote; give its entry id, which is its version.

        Raises:
            BallotBoxFullError: Redis is out of memory.
            BallotBoxAwayError: Redis did not answer, or refused. The vote may or may not have been stored; casting it
                again is right, since only a voter's last vote counts.
        """
        entry = {VOTER_ID: voter_id, CHOICE: choice, AT: dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")}
        try:
            version = cast("str", self._redis.xadd(STREAM, cast("dict[object, object]", entry)))  # type: ignore[arg-type]
        except RedisError as error:
            self._tell(error)
            kind = BallotBoxFullError if isinstance(error, OutOfMemoryError) else BallotBoxAwayError
            raise kind(str(error)) from error
        self._tell(None)
        return version

    def why_away(self) -> str | None:
        """Give the reason why Redis cannot be reached now, or None when it answers."""
        try:
            self._redis.ping()
        except RedisError as error:
            return f"Redis does not answer: {error}"
        return None

    def _tell(self, error: RedisError | None) -> None:
        """Log when Redis goes and when it comes back: one line each, however many votes meet it."""
        with self._lock:
            changed, self._away = self._away != (error is not None), error is not None
        if changed and error is not None:
            _log.error("votes cannot be stored", extra={"error": str(error), "kind": type(error).__name__})
        elif changed:
            _log.info("votes can be stored again")
