"""The seed against the real vote page and a real Redis."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ballotbox_common.broker import STREAM
from ballotbox_seed.voting import retry_after_s
from harness.waiting import Seen, wait_for
from tests.fix_redis import PASSWORD, free_port

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fix_redis import RedisServer
    from tests.unit.services.conftest import Service


def vote_page(start: Callable[..., Service], redis: RedisServer, **environment: str) -> Service:
    """Start a vote page."""
    service = start(
        "vote",
        REDIS_HOST="127.0.0.1",
        REDIS_PORT=str(redis.port),
        REDIS_PASSWORD=PASSWORD,
        COOKIE_KEY="k" * 32,
        **environment,
    )
    service.wait_ready()
    return service


def last_line(service: Service) -> dict[str, Any]:
    """Give the last line of a service's log."""
    line: dict[str, Any] = json.loads(service.log.splitlines()[-1])
    return line


@pytest.mark.parametrize("secure", ["false", "true"])
def test_casts_what_was_planned(start: Callable[..., Service], redis_server: RedisServer, secure: str) -> None:
    """All votes arrive, each voter's in order, as many voters as asked; also where the cookie is for HTTPS only."""
    page = vote_page(start, redis_server, COOKIE_SECURE=secure)
    seed = start("seed", VOTE_URL=page.url, VOTES="60", VOTERS="20", CONCURRENCY="8")
    assert seed.process.wait(timeout=60) == 0
    with redis_server.client() as admin:
        rows: Any = admin.xrange(STREAM)
    assert len(rows) == 60
    last = {fields["voter_id"]: fields["choice"] for _, fields in rows}
    assert len(last) == 20
    done = last_line(seed)
    assert done["expected"] == {"a": [*last.values()].count("a"), "b": [*last.values()].count("b")}
    assert (done["acknowledged"], done["given_up"]) == (60, 0)


def test_waits_while_the_ballot_box_is_away(start: Callable[..., Service], own_redis: RedisServer) -> None:
    """Votes that got a 503 are cast again, and none is lost."""
    page = vote_page(start, own_redis)
    own_redis.stop()
    seed = start("seed", VOTE_URL=page.url, VOTES="10", VOTERS="10", CONCURRENCY="4")
    wait_for(
        "a refused vote",
        lambda: Seen(done='refused_total{status="503"}' in page.admin("/metrics").text, state="none yet"),
        timeout_s=20,
    )
    own_redis.start()
    assert seed.process.wait(timeout=60) == 0
    done = last_line(seed)
    assert done["retries"] > 0
    with own_redis.client() as admin:
        assert admin.xlen(STREAM) == 10


def test_a_vote_that_nobody_acknowledged_is_a_failure(start: Callable[..., Service]) -> None:
    """The exit code is not zero, and the log says why."""
    seed = start("seed", VOTE_URL=f"http://127.0.0.1:{free_port()}", VOTES="2", VOTERS="2", GIVE_UP_S="1")
    assert seed.process.wait(timeout=60) == 1
    assert last_line(seed)["given_up"] == 2
    assert "no acknowledgement within 1 s; last seen: ConnectError" in seed.log


def test_a_refusal_is_not_repeated(start: Callable[..., Service], redis_server: RedisServer) -> None:
    """What is wrong stays wrong: an address without a ballot ends at once."""
    page = vote_page(start, redis_server)
    seed = start("seed", VOTE_URL=f"{page.url}/assets/", VOTES="1", VOTERS="1")
    assert seed.process.wait(timeout=30) == 1
    assert "expected 200, found 404" in seed.log


def test_wrong_settings_are_one_line_and_exit_code_2(start: Callable[..., Service]) -> None:
    """Every bad variable is named."""
    seed = start("seed", VOTES="0", VOTE_URL="vote")
    assert seed.process.wait(timeout=30) == 2
    assert all(name in seed.log for name in ("VOTES", "VOTE_URL"))


@pytest.mark.parametrize(
    ("header", "expected"),
    [(None, 0), ("3", 3), (" 2 ", 2), ("999999", 30), ("-1", 0), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("", 0)],
)
def test_honours_retry_after_within_reason(header: str | None, expected: float) -> None:
    """Seconds are believed up to half a minute."""
    assert retry_after_s(header) == expected
