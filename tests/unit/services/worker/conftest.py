"""The worker's streams for tests: as the worker's own Redis user, and as somebody who may do everything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ballotbox_common import broker
from ballotbox_common.backoff import Backoff
from ballotbox_worker.stream import VoteStream
from ballotbox_worker.worker import Worker
from tests.fix_redis import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis import Redis

    from tests.fix_postgres import Database
    from tests.fix_redis import RedisServer


@pytest.fixture
def admin(redis_server: RedisServer) -> Iterator[Redis]:
    """Give a client that may do everything."""
    with redis_server.client() as client:
        yield client


@pytest.fixture
def stream_of(redis_server: RedisServer) -> Iterator[Callable[[str], VoteStream]]:
    """Give a maker of streams by consumer name, connected with the worker's rights."""
    clients: list[Redis] = []

    def make(consumer: str) -> VoteStream:
        client = broker.connect(
            host="127.0.0.1", port=redis_server.port, username="worker", password=PASSWORD, timeout_s=5
        )
        clients.append(client)
        stream = VoteStream(client, consumer=consumer)
        stream.ensure_group()
        return stream

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def worker_of(stream_of: Callable[[str], VoteStream], database: Database) -> Iterator[Callable[[str], Worker]]:
    """Give a maker of workers by consumer name."""
    workers: list[Worker] = []

    def make(consumer: str) -> Worker:
        worker = Worker(
            stream_of(consumer),
            lambda: database.connect("worker"),
            batch_size=100,
            claim_idle_ms=100,
            forget_idle_ms=1000,
            backoff=Backoff(base_s=0.01, cap_s=0.1),
        )
        workers.append(worker)
        return worker

    yield make
    for worker in workers:
        if worker._database is not None:
            worker._database.close()
