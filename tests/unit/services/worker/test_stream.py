"""The worker's side of the stream, against a real Redis and with the worker's rights only."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from redis.exceptions import NoPermissionError

from ballotbox_common import broker
from ballotbox_common.broker import DEAD_LETTERS, GROUP, STREAM
from ballotbox_worker.entries import Poison
from ballotbox_worker.stream import GroupMissingError
from harness.waiting import Seen, wait_for
from tests.fix_redis import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

    from ballotbox_worker.stream import VoteStream
    from tests.fix_redis import RedisServer


def ids_in(admin: Redis, stream: str = STREAM) -> list[str]:
    """Give the ids of a stream's entries."""
    rows: Any = admin.xrange(stream)
    return [entry_id for entry_id, _ in rows]


def fill(admin: Redis, number: int) -> list[str]:
    """Append entries; give their ids."""
    return [str(admin.xadd(STREAM, {"n": str(n)})) for n in range(number)]


def pass_time(seconds: float) -> None:
    """Wait until Redis's idle times have grown by that much: time itself is the condition here."""
    start = time.monotonic()
    wait_for(
        f"{seconds} s to pass",
        lambda: Seen(done=time.monotonic() - start >= seconds, state="not yet"),
        timeout_s=5,
        interval_s=0.01,
    )


def test_reads_each_entry_once(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """Two consumers share the entries."""
    ids = fill(admin, 6)
    one, two = stream_of("one"), stream_of("two")
    read = [one.read_new(at_most=4, wait_ms=1), two.read_new(at_most=4, wait_ms=1)]
    assert [[entry.id for entry in part] for part in read] == [ids[:4], ids[4:]]
    assert one.read_new(at_most=4, wait_ms=1) == []


def test_gives_what_was_not_acknowledged_again(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """A consumer that restarts under its name finds what it had not finished."""
    ids = fill(admin, 3)
    stream_of("one").read_new(at_most=3, wait_ms=1)
    restarted = stream_of("one")
    restarted.acknowledge(ids[:1])
    assert [entry.id for entry in restarted.read_own_pending(at_most=10)] == ids[1:]


def test_claims_only_what_is_idle(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """Another consumer's entries are taken over after the time, not before."""
    ids = fill(admin, 2)
    stream_of("dead").read_new(at_most=2, wait_ms=1)
    alive = stream_of("alive")
    assert alive.claim_abandoned(idle_ms=60_000, at_most=10) == []
    pass_time(0.06)
    assert [entry.id for entry in alive.claim_abandoned(idle_ms=50, at_most=10)] == ids


def test_says_that_the_group_is_missing(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """Every way to meet a lost group tells so in the same words."""
    stream = stream_of("one")
    admin.delete(STREAM)
    for call in (
        lambda: stream.read_new(at_most=1, wait_ms=1),
        lambda: stream.read_own_pending(at_most=1),
        lambda: stream.claim_abandoned(idle_ms=1, at_most=1),
        stream.backlog,
        stream.trim,
        lambda: stream.forget_idle_consumers(idle_ms=1),
        stream.leave,
    ):
        with pytest.raises(GroupMissingError):
            call()


def test_a_new_group_begins_at_the_first_entry(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """Votes that came before the group existed are read."""
    ids = fill(admin, 2)
    assert [entry.id for entry in stream_of("one").read_new(at_most=9, wait_ms=1)] == ids


def test_sets_poison_aside(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """The dead letter has fields, reason and id, and the entry is acknowledged."""
    stream = stream_of("one")
    admin.xadd(STREAM, {"n": b"\xff\xfe".decode("latin-1")})
    entry = stream.read_new(at_most=1, wait_ms=1)[0]
    assert entry.fields is not None
    stream.set_aside(Poison(entry.id, entry.fields, "why"))
    rows: Any = admin.xrange(DEAD_LETTERS)
    ((_, letter),) = rows
    assert (letter["entry_id"], letter["reason"], letter["n"]) == (entry.id, "why", "ÿþ")
    assert admin.xpending(STREAM, GROUP)["pending"] == 0


def test_reads_bytes_that_are_not_text(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """Bytes that are no UTF-8 do not keep the entry from being read, and set aside."""
    stream = stream_of("one")
    admin.xadd(STREAM, {b"choice": b"\xff"})
    assert stream.read_new(at_most=1, wait_ms=1)[0].fields == {"choice": "\\xff"}


def test_poison_does_not_keep_a_full_redis_full(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """With no memory for a dead letter, the entry is acknowledged and the stream can be trimmed."""
    stream = stream_of("one")
    fill(admin, 1)
    entry = stream.read_new(at_most=1, wait_ms=1)[0]
    admin.config_set("maxmemory", 1)
    stream.set_aside(Poison(entry.id, {"n": "0"}, "why"))
    assert admin.xpending(STREAM, GROUP)["pending"] == 0
    assert stream.trim() == 1


def test_trims_what_is_acknowledged_and_nothing_else(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """The oldest entry that anybody holds, and all after it, stay."""
    stream = stream_of("one")
    ids = fill(admin, 6)
    stream.read_new(at_most=5, wait_ms=1)
    stream.acknowledge([ids[0], ids[1], ids[3]])
    assert stream.trim() == 2
    assert ids_in(admin) == ids[2:]
    stream.acknowledge(ids)
    assert stream.trim() == 3
    assert ids_in(admin) == ids[5:]


def test_trims_for_every_group(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """What another group has not read yet stays, however far ours is."""
    stream = stream_of("one")
    admin.xgroup_create(STREAM, "auditors", id="0")
    ids = fill(admin, 4)
    stream.acknowledge([entry.id for entry in stream.read_new(at_most=9, wait_ms=1)])
    assert stream.trim() == 0
    admin.xreadgroup("auditors", "x", {STREAM: ">"}, count=3)
    admin.xack(STREAM, "auditors", *ids[:2])
    assert stream.trim() == 2
    assert ids_in(admin) == ids[2:]


def test_forgets_consumers_that_hold_nothing(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """One that holds entries stays, and so does the asker; one that was forgotten reads on as before."""
    fill(admin, 3)
    finished, holder, me = stream_of("finished"), stream_of("holder"), stream_of("me")
    holder.read_new(at_most=1, wait_ms=1)
    for stream in (finished, me):
        stream.acknowledge([entry.id for entry in stream.read_new(at_most=1, wait_ms=1)])
    assert me.forget_idle_consumers(idle_ms=60_000) == 0
    pass_time(0.06)
    assert me.forget_idle_consumers(idle_ms=50) == 1
    assert {row["name"] for row in admin.xinfo_consumers(STREAM, GROUP)} == {"holder", "me"}
    ids = fill(admin, 1)
    assert [entry.id for entry in finished.read_new(at_most=1, wait_ms=1)] == ids


def test_leaves_only_with_empty_hands(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """Signing off never loses an entry."""
    ids = fill(admin, 1)
    stream = stream_of("one")
    stream.read_new(at_most=1, wait_ms=1)
    stream.leave()
    assert admin.xpending(STREAM, GROUP)["pending"] == 1
    stream.acknowledge(ids)
    stream.leave()
    assert admin.xinfo_consumers(STREAM, GROUP) == []


def test_tells_how_far_the_group_is(admin: Redis, stream_of: Callable[[str], VoteStream]) -> None:
    """Lag counts what nobody has read, pending what nobody has acknowledged."""
    stream = stream_of("one")
    fill(admin, 5)
    stream.read_new(at_most=2, wait_ms=1)
    backlog = stream.backlog()
    assert (backlog.lag, backlog.pending, backlog.length) == (3, 2, 5)


@pytest.mark.parametrize("command", ["GET x", "KEYS *", "FLUSHALL", "XDEL votes 1-0", "DEL votes", "CONFIG GET *"])
def test_the_worker_may_do_no_more(redis_server: RedisServer, command: str) -> None:
    """What the worker does not need, Redis refuses."""
    with (
        broker.connect(
            host="127.0.0.1", port=redis_server.port, username="worker", password=PASSWORD, timeout_s=5
        ) as client,
        pytest.raises(NoPermissionError),
    ):
        client.execute_command(*command.split())
