"""How many votes a second the worker writes, beside a peer that writes one row a transaction, in the same run.

Real Redis (appendfsync always) and real PostgreSQL (fsync on): `./nox -s bench -- worker_throughput [votes]`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ballotbox_common import broker
from ballotbox_common.backoff import Backoff
from ballotbox_common.broker import GROUP, STREAM
from ballotbox_worker.entries import Vote, decode
from ballotbox_worker.stream import VoteStream
from ballotbox_worker.worker import Worker
from tests.fix_postgres import Database, PostgresServer
from tests.fix_redis import PASSWORD, RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable

    from redis import Redis

VOTES = 5_000
BATCH = 500


def fill(redis: RedisServer, votes: int) -> None:
    """Put votes of a third as many voters into the stream."""
    with redis.client() as client:
        client.flushall()
        for start in range(0, votes, 1000):
            with client.pipeline(transaction=False) as pipe:
                for n in range(start, min(start + 1000, votes)):
                    fields: Any = {
                        "voter_id": f"v{n % (votes // 3 + 1)}",
                        "choice": "ab"[n % 2],
                        "at": "2026-01-01T00:00:00Z",
                    }
                    pipe.xadd(STREAM, fields)
                pipe.execute()


def batches(client: Redis, database: Database, votes: int) -> None:
    """Work as the worker does."""
    stream = VoteStream(client, consumer="bench")
    stream.ensure_group()
    worker = Worker(
        stream,
        lambda: database.connect("worker"),
        batch_size=BATCH,
        claim_idle_ms=60_000,
        forget_idle_ms=600_000,
        backoff=Backoff(base_s=1, cap_s=1),
    )
    done = 0
    while done < votes:
        done += worker.work_once()
    worker.stop()
    worker.run()


def one_by_one(client: Redis, database: Database, votes: int) -> None:
    """Work as the usual example does: one entry, one transaction, one acknowledgement."""
    VoteStream(client, consumer="bench").ensure_group()
    with database.connect("worker") as connection:
        for _ in range(votes):
            answer: Any = client.xreadgroup(GROUP, "bench", {STREAM: ">"}, count=1)
            ((entry_id, fields),) = answer[0][1]
            vote = decode(entry_id, fields)
            assert isinstance(vote, Vote)  # noqa: S101  # the bench made it
            connection.execute(
                "INSERT INTO votes AS v VALUES (%s, %s, %s, %s, %s) ON CONFLICT (voter_id) DO UPDATE SET "
                "choice = EXCLUDED.choice, version_ms = EXCLUDED.version_ms, version_seq = EXCLUDED.version_seq, "
                "cast_at = EXCLUDED.cast_at WHERE (v.version_ms, v.version_seq) < "
                "(EXCLUDED.version_ms, EXCLUDED.version_seq)",
                (vote.voter_id, vote.choice, vote.version.ms, vote.version.seq, vote.cast_at),
            )
            client.xack(STREAM, GROUP, entry_id)


def measure(
    name: str,
    work: Callable[[Redis, Database, int], None],
    redis: RedisServer,
    postgres: PostgresServer,
    votes: int,
) -> float:
    """Run one of them on an empty database; give votes a second."""
    fill(redis, votes)
    database = postgres.new_database()
    with broker.connect(
        host="127.0.0.1", port=redis.port, username="worker", password=PASSWORD, timeout_s=10
    ) as client:
        start = time.perf_counter()
        work(client, database, votes)
        rate = votes / (time.perf_counter() - start)
    tally, recount = database.tally(), database.recount()
    if tally != recount or sum(tally.values()) != min(votes, votes // 3 + 1):
        sys.exit(f"{name}: wrong result: tally {tally}, recount {recount}")
    print(f"{name:<28} {rate:>10,.0f} votes/s   tally {tally} = recount")
    return rate


def main() -> None:
    """Measure both, the peer in the middle, so that a machine that warms up favours neither."""
    votes = int(sys.argv[1]) if len(sys.argv) > 1 else VOTES
    folder = Path(tempfile.mkdtemp(prefix="ballotbox-bench-"))
    folder.chmod(0o755)
    (folder / "redis").mkdir()
    (folder / "postgres").mkdir()
    redis, postgres = RedisServer(folder / "redis"), PostgresServer(folder / "postgres", durable=True)
    try:
        redis.start()
        postgres.create()
        first = measure(f"batches of {BATCH}", batches, redis, postgres, votes)
        peer = measure("one row a transaction (peer)", one_by_one, redis, postgres, votes)
        second = measure(f"batches of {BATCH}, again", batches, redis, postgres, votes)
        print(f"ratio: {min(first, second) / peer:.1f} to {max(first, second) / peer:.1f} times the peer")
    finally:
        redis.stop()
        postgres.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
