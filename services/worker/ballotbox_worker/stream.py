"""The worker's side of the Redis stream: read, claim, acknowledge, set aside, trim."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from redis.exceptions import OutOfMemoryError, ResponseError

from ballotbox_common.broker import DEAD_LETTERS, GROUP, STREAM
from ballotbox_worker.entries import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from redis import Redis

    from ballotbox_worker.entries import Poison

# Poison comes from a defect of ours, never from a voter, so that many are kept and no more.
DEAD_LETTERS_KEPT = 10_000
_OWN_PENDING = "0"
_NEVER_DELIVERED = ">"

# Atomic, because deleting a consumer also forgets what it holds: between a look and the deletion it might read.
_FORGET = """
local forgotten = 0
for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #row, 2 do consumer[row[i]] = row[i + 1] end
  local named = ARGV[4] ~= '' and consumer['name'] == ARGV[4]
  local gone = ARGV[4] == '' and consumer['name'] ~= ARGV[2] and consumer['idle'] >= tonumber(ARGV[3])
  if consumer['pending'] == 0 and (named or gone) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer['name'])
    forgotten = forgotten + 1
  end
end
return forgotten
"""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Entry:
    """A stream entry as it came; `fields` is None if it was deleted while somebody still held it."""

    id: str
    fields: Mapping[str, str] | None


@dataclass(frozen=True)
class Backlog:
    """How far the group is: entries nobody has read yet, entries read and not acknowledged, entries in the stream."""

    lag: int
    pending: int
    length: int


class GroupMissingError(Exception):
    """The stream or its consumer group is not there: Redis is new, or was restored without it."""


class VoteStream:
    """One consumer's view of the stream `votes`. Every method may raise what redis-py raises when Redis is away."""

    def __init__(self, redis: Redis, *, consumer: str) -> None:
        self._redis = redis
        self._consumer = consumer

    def ensure_group(self) -> None:
        """Create the stream and its group if they are missing.

        The group begins at the first entry there is: reading an entry again is harmless, missing one is not.
        """
        try:
            self._redis.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
            _log.info("created the consumer group", extra={"stream": STREAM, "group": GROUP})
        except ResponseError as error:
            if not str(error).startswith("BUSYGROUP"):
                raise

    def read_new(self, *, at_most: int, wait_ms: int) -> list[Entry]:
        """Take entries that nobody has read, waiting up to `wait_ms` for the first.

        Raises:
            GroupMissingError: There is no such group.
        """
        return self._read(_NEVER_DELIVERED, at_most, wait_ms)

    def read_own_pending(self, *, at_most: int) -> list[Entry]:
        """Give what this consumer has read and not acknowledged: before a restart, or before an error.

        Raises:
            GroupMissingError: There is no such group.
        """
        return self._read(_OWN_PENDING, at_most, None)

    def claim_abandoned(self, *, idle_ms: int, at_most: int) -> list[Entry]:
        """Take over what others have read at least `idle_ms` ago and not acknowledged.

        Raises:
            GroupMissingError: There is no such group.
        """
        with _group_needed():
            answer = self._redis.xautoclaim(STREAM, GROUP, self._consumer, idle_ms, "0-0", at_most)
        return _entries(answer[1])

    def acknowledge(self, entry_ids: Sequence[str]) -> None:
        """Have the group forget entries that are done with."""
        if entry_ids:
            self._redis.xack(STREAM, GROUP, *entry_ids)

    def set_aside(self, poison: Poison) -> None:
        """Put an entry that can never be written into the dead-letter stream and acknowledge it, in one step.

        When Redis has no memory left for that, the log keeps it: poison in the way would keep the stream from being
        trimmed, and so keep Redis full.
        """
        _log.error(
            "entry set aside",
            extra={"entry": poison.entry_id, "reason": poison.reason, "fields": dict(poison.fields)},
        )
        letter = {**poison.fields, "entry_id": poison.entry_id, "reason": poison.reason}
        try:
            with self._redis.pipeline(transaction=True) as transaction:
                transaction.xadd(DEAD_LETTERS, cast("Any", letter), maxlen=DEAD_LETTERS_KEPT, approximate=True)
                transaction.xack(STREAM, GROUP, poison.entry_id)
                transaction.execute()
        except OutOfMemoryError:
            _log.exception("no memory for the dead letter: the line before this one is what is left of it")
            self._redis.xack(STREAM, GROUP, poison.entry_id)

    def trim(self) -> int:
        """Delete the entries that every group has acknowledged; give how many.

        Between the questions and the trimming the groups only read on: what is read later has a greater id than what
        was read last, and that is where the trimming ends.

        Raises:
            GroupMissingError: There is no stream.
        """
        with _group_needed():
            bounds = []
            for group in self._redis.xinfo_groups(STREAM):
                bounds.append(Version.parse(group["last-delivered-id"]).next())
                oldest = self._redis.xpending(STREAM, group["name"])["min"]
                if oldest is not None:
                    bounds.append(Version.parse(oldest))
            return int(self._redis.xtrim(STREAM, minid=str(min(bounds)), approximate=False)) if bounds else 0

    def forget_idle_consumers(self, *, idle_ms: int) -> int:
        """Take consumers off the list that hold nothing and have not read for `idle_ms`; give how many.

        A live one that found nothing to read may be among them: its next read enters it again.
        """
        return self._forget(idle_ms=idle_ms, only="")

    def leave(self) -> None:
        """Take this consumer off the group's list, unless it still holds entries: then they wait to be claimed."""
        self._forget(idle_ms=0, only=self._consumer)

    def backlog(self) -> Backlog:
        """Tell how far the group is.

        Raises:
            GroupMissingError: There is no such group.
        """
        with _group_needed():
            ours = next((group for group in self._redis.xinfo_groups(STREAM) if group["name"] == GROUP), None)
            if ours is None:
                raise GroupMissingError(f"{STREAM} has no group {GROUP}")
            # Redis cannot tell the lag (None) when entries in the middle were deleted by hand.
            return Backlog(int(ours.get("lag") or 0), int(ours["pending"]), int(self._redis.xlen(STREAM)))

    def _read(self, start: str, at_most: int, wait_ms: int | None) -> list[Entry]:
        with _group_needed():
            answer: Any = self._redis.xreadgroup(GROUP, self._consumer, {STREAM: start}, count=at_most, block=wait_ms)
        return _entries(answer[0][1]) if answer else []

    def _forget(self, *, idle_ms: int, only: str) -> int:
        with _group_needed():
            return int(self._redis.eval(_FORGET, 1, STREAM, GROUP, self._consumer, str(idle_ms), only))


@contextlib.contextmanager
def _group_needed() -> Iterator[None]:
    try:
        yield
    except ResponseError as error:
        if "NOGROUP" in str(error) or "no such key" in str(error):
            raise GroupMissingError(str(error)) from error
        raise


def _entries(rows: Sequence[Any]) -> list[Entry]:
    return [Entry(entry_id, fields or None) for entry_id, fields in rows if entry_id is not None]
