"""The result page as its image runs it: a process of its own, with a real PostgreSQL."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from ballotbox_worker.entries import Version, Vote
from ballotbox_worker.ledger import write
from harness.waiting import Seen, wait_for
from tests.fix_redis import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fix_postgres import Database
    from tests.unit.services.conftest import Service


@pytest.fixture
def service(start: Callable[..., Service], database: Database) -> Service:
    """Give a running result page of an empty database."""
    running = start("result", **database.environment, MAX_CONNECTIONS="3", ALLOWED_ORIGINS="https://friend.example")
    running.wait_ready()
    return running


def vote(database: Database, *voters: str, choice: str = "a") -> None:
    """Write votes as the worker does."""
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    with database.connect("worker") as connection:
        write(connection, [Vote(voter, choice, Version(1, 0), at) for voter in voters])


def follow(service: Service, **options: Any) -> Any:
    """Open the WebSocket."""
    return connect(f"ws://127.0.0.1:{service.http_port}/ws", **options)


def test_wrong_settings_are_one_line_and_exit_code_2(start: Callable[..., Service]) -> None:
    """Every bad variable is named, and there is no traceback."""
    service = start("result", DB_PORT="x", MAX_CONNECTIONS="0")
    assert service.process.wait(timeout=30) == 2
    assert service.log.count("\n") == 1
    assert all(name in service.log for name in ("DB_PORT", "DB_PASSWORD", "MAX_CONNECTIONS"))


def test_a_vote_reaches_the_page(service: Service, database: Database) -> None:
    """The tally comes at once, and each new one by itself."""
    with follow(service) as page:
        assert json.loads(page.recv(timeout=5)) == {"a": 0, "b": 0, "total": 0, "revision": 0, "live": True}
        vote(database, "x", "y")
        assert json.loads(page.recv(timeout=5))["a"] == 2
    assert ">2<" in httpx.get(service.url).text


def test_serves_page_and_assets_with_the_security_headers(service: Service) -> None:
    """Page, assets and refusals come from the same port, all with the policy."""
    for path, status in (
        ("/", 200),
        ("/assets/result.js", 200),
        ("/assets/base.css", 200),
        ("/x", 404),
        ("/assets/x", 404),
    ):
        answer = httpx.get(f"{service.url}{path}")
        assert answer.status_code == status, path
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'"), path
    assert httpx.get(f"{service.url}/ws").status_code == 426
    etag = httpx.get(f"{service.url}/assets/result.js").headers["ETag"]
    assert httpx.get(f"{service.url}/assets/result.js", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
def test_pages_of_other_sites_cannot_follow(service: Service, origin: str) -> None:
    """A browser says where its page is from; a foreign one is refused."""
    with pytest.raises(InvalidStatus) as caught:
        follow(service, origin=origin)
    assert caught.value.response.status_code == 403


def test_our_page_friends_and_programs_can_follow(service: Service) -> None:
    """Our own origin, an allowed one, and a client that is no browser."""
    for origin in (service.url, "https://friend.example", None):
        with follow(service, origin=origin) as page:
            assert json.loads(page.recv(timeout=5))["live"] is True


def test_too_many_pages_are_told_to_come_later(service: Service) -> None:
    """Beyond the limit it is a 503 with Retry-After; a page that leaves makes room."""
    with contextlib.ExitStack() as others, follow(service) as page:
        page.recv(timeout=5)
        for _ in range(2):
            others.enter_context(follow(service)).recv(timeout=5)
        with pytest.raises(InvalidStatus) as caught:
            others.enter_context(follow(service))
        assert caught.value.response.status_code == 503
        assert caught.value.response.headers["Retry-After"] == "5"
        page.close()
        wait_for(
            "room for a page",
            lambda: Seen(done="connections 2.0" in service.admin("/metrics").text, state="still three"),
            timeout_s=5,
        )
        others.enter_context(follow(service)).recv(timeout=5)


def test_the_loss_of_the_database_is_shown(service: Service, database: Database) -> None:
    """The page is told, the pod is not ready, and both mend by themselves."""
    with follow(service) as page:
        assert json.loads(page.recv(timeout=5))["live"] is True
        with database.server.superuser() as superuser:
            superuser.execute("ALTER ROLE result NOLOGIN")
            superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'result'")
            try:
                assert json.loads(page.recv(timeout=5))["live"] is False
                assert service.admin("/readyz").status_code == 503
                assert service.admin("/livez").status_code == 200
                assert httpx.get(service.url).status_code == 200
            finally:
                superuser.execute("ALTER ROLE result LOGIN")
        message = json.loads(page.recv(timeout=20))
        while not message["live"]:
            message = json.loads(page.recv(timeout=20))
    service.wait_ready()


def test_starts_without_a_database(start: Callable[..., Service], database: Database) -> None:
    """It shows a page that knows no count, and says that it is not ready."""
    service = start("result", **database.environment | {"DB_PORT": str(free_port())})
    wait_for("the page", lambda: Seen(done=answers(service.url), state="no answer"), timeout_s=20)
    assert "The count is not known yet." in httpx.get(service.url).text
    assert service.admin("/readyz").status_code == 503
    with follow(service) as page:
        assert json.loads(page.recv(timeout=5))["total"] is None


def answers(url: str) -> bool:
    """Say whether anybody answers."""
    try:
        return httpx.get(url).status_code == 200
    except httpx.TransportError:
        return False


def test_drains(service: Service) -> None:
    """SIGTERM sends the pages elsewhere (1001) and ends the process in order; its log is JSON."""
    with follow(service) as page:
        page.recv(timeout=5)
        assert service.stop() == 0
        with contextlib.suppress(ConnectionClosed):
            page.recv(timeout=5)
        assert page.close_code == 1001
    assert all(json.loads(line)["service"] == "result" for line in service.log.splitlines())


@pytest.mark.parametrize(
    "request_bytes", [b"POST / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\xff", b"GET / HTTP/9\r\n\r\n"]
)
def test_nonsense_does_not_fill_the_log(service: Service, request_bytes: bytes) -> None:
    """What scanners send is refused without a traceback."""
    with socket.create_connection(("127.0.0.1", service.http_port), timeout=5) as connection:
        connection.sendall(request_bytes)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass
    assert httpx.get(service.url).status_code == 200
    assert "Traceback" not in service.log
