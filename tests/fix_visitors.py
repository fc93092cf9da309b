"""Visitors: HTTP clients of the vote page and WebSocket clients of the result page, and PostgreSQL's own account."""

from __future__ import annotations

import contextlib
import json
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import psycopg
import pytest
from websockets.sync.client import connect

from harness import credentials
from harness.cluster.embedded.lifecycle import free_port
from harness.evidence import NAMESPACE
from harness.waiting import Seen, WaitError, wait_for
from tests.fix_cluster import requests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.client import ClientConnection

    from harness.cluster.manager import Manager
    from harness.platform.up import Up

# Loading the machine's certificates takes longer than a vote, and nothing here speaks TLS: they are loaded once.
_TLS = ssl.create_default_context()
TIMEOUT_S = 15.0
# Longer than the result page is ever silent: it says the same tally again after 15 s.
_SILENCE_S = 20.0


@dataclass(frozen=True)
class Tally:
    """Votes per choice."""

    a: int
    b: int

    def __add__(self, other: Tally) -> Tally:
        """Add two tallies."""
        return Tally(self.a + other.a, self.b + other.b)


class Visitor:
    """One browser's worth of cookies on the vote page."""

    def __init__(self, url: str, limits: httpx.Limits, timeout_s: float = TIMEOUT_S) -> None:
        self.client = httpx.Client(
            base_url=url,
            timeout=timeout_s,
            verify=_TLS,
            limits=limits,
            headers={"Accept": "application/json"},
            event_hooks={"response": [_note]},
        )

    def vote(self, choice: str) -> httpx.Response:
        """Vote, as the page's form does."""
        return self.client.post("/", data={"choice": choice})

    def choice(self) -> str | None:
        """Return what the page says this voter chose last."""
        chosen = self.client.get("/").raise_for_status().json()["choice"]
        return None if chosen is None else str(chosen)


def _note(response: httpx.Response) -> None:
    response.read()
    asked = response.request
    answer = f"{response.status_code} {response.text[:300]}"
    requests.append(f"{asked.method} {asked.url} {asked.content[:200]!r} -> {answer}")


class Watcher:
    """A client of the result page's WebSocket."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    def next(self) -> tuple[Tally, bool]:
        """Wait for the next message: the tally and whether it is live."""
        said = json.loads(self._socket.recv(timeout=_SILENCE_S))
        requests.append(f"WebSocket <- {said}")
        return Tally(said["a"] or 0, said["b"] or 0), bool(said["live"])

    def until(self, expected: Tally) -> Tally:
        """Read messages until the tally is the expected one, or the time is up; give the last one."""
        last: list[Tally] = []

        def look() -> Seen:
            seen, _ = self.next()
            last.append(seen)
            return Seen(seen == expected, str(seen))

        with contextlib.suppress(WaitError):
            wait_for("the tally on the result page", look, timeout_s=TIMEOUT_S, interval_s=0)
        return last[-1]


@pytest.fixture
def visitors(platform: Up) -> Iterator[VisitorFactory]:
    """A maker of voters, each with its own cookies."""
    factory = VisitorFactory(platform.endpoints.vote_url)
    yield factory
    factory.close()


class VisitorFactory:
    """Makes visitors and closes their connections."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[Visitor] = []

    def __call__(self) -> Visitor:
        """Make one more."""
        visitor = Visitor(self._url, httpx.Limits(max_connections=1))
        self._made.append(visitor)
        return visitor

    def close(self) -> None:
        """Close all connections."""
        for visitor in self._made:
            visitor.client.close()


@contextmanager
def open_watcher(platform: Up) -> Iterator[Watcher]:
    """Connect a WebSocket client to the result page."""
    url = platform.endpoints.result_url.replace("http", "ws", 1)
    with connect(f"{url}/ws", open_timeout=TIMEOUT_S) as socket:
        yield Watcher(socket)


@pytest.fixture
def watcher(platform: Up) -> Iterator[Watcher]:
    """A WebSocket client of the result page, connected."""
    with open_watcher(platform) as opened:
        yield opened


class Ledger:
    """PostgreSQL, asked as the owner of the tables."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def tally(self) -> Tally:
        """Return the tally that the triggers keep."""
        return self._ask("SELECT choice, count FROM tally")

    def recount(self) -> Tally:
        """Return the count over the votes themselves."""
        return self._ask("SELECT choice, count(*) FROM votes GROUP BY choice")

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Keep everybody from writing votes for as long as the block runs; nothing else may be asked meanwhile."""
        with self._connection.transaction():
            self._connection.execute("LOCK TABLE votes IN SHARE MODE")
            yield

    def writers_waiting(self) -> int:
        """Return how many transactions wait for the closed table."""
        query = "SELECT count(*) FROM pg_locks WHERE relation = 'votes'::regclass AND NOT granted"
        row = self._connection.execute(query).fetchone()
        assert row is not None
        return int(row[0])

    def _ask(self, query: str) -> Tally:
        counts: dict[str, int] = dict(self._connection.execute(query.encode()).fetchall())
        self._connection.rollback()
        return Tally(counts.get("a", 0), counts.get("b", 0))


@contextmanager
def open_ledger(cluster: Manager) -> Iterator[Ledger]:
    """Open PostgreSQL by way of the API server, as `kubectl port-forward` does."""
    port = free_port()
    secret = credentials.ensure(cluster.settings.state)["db-owner"]
    with (
        cluster.port_forwarding("service/db", port, 5432, namespace=NAMESPACE),
        psycopg.connect(
            host="127.0.0.1", port=port, dbname="ballotbox", user="ballotbox", password=secret, connect_timeout=10
        ) as connection,
    ):
        yield Ledger(connection)


@pytest.fixture(scope="session")
def ledger(cluster: Manager) -> Iterator[Ledger]:
    """PostgreSQL's own account of the votes."""
    with open_ledger(cluster) as opened:
        yield opened
