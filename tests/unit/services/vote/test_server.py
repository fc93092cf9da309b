"""The vote page as its image runs it: a process of its own, with a real Redis."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx

from ballotbox_common.broker import STREAM
from harness.process import run
from harness.waiting import Seen, wait_for
from tests.fix_redis import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fix_redis import RedisServer
    from tests.unit.services.conftest import Service

KEY = "k" * 32


def environment(redis: RedisServer) -> dict[str, str]:
    """Give the settings."""
    return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(redis.port), "REDIS_PASSWORD": PASSWORD, "COOKIE_KEY": KEY}


def test_wrong_settings_are_one_line_and_exit_code_2(start: Callable[..., Service]) -> None:
    """Every bad variable is named, and there is no traceback."""
    service = start("vote", REDIS_PORT="tcp://10.0.0.1:6379", COOKIE_KEY="short")
    assert service.process.wait(timeout=30) == 2
    assert service.log.count("\n") == 1
    assert all(name in service.log for name in ("REDIS_PORT", "REDIS_PASSWORD", "COOKIE_KEY"))
    assert "short" not in service.log


def test_serves_and_logs_json(start: Callable[..., Service], redis_server: RedisServer) -> None:
    """The page, probes and metrics answer, and every line of the log is an object."""
    service = start("vote", **environment(redis_server))
    service.wait_ready()
    assert httpx.get(service.url).status_code == 200
    assert httpx.post(service.url, data={"choice": "a"}).status_code == 303
    assert "ballotbox_votes_acknowledged_total 1.0" in service.admin("/metrics").text
    assert httpx.get(f"{service.url}/metrics").status_code == 404
    assert service.stop() == 0
    assert all(json.loads(line)["service"] == "vote" for line in service.log.splitlines())


def test_readiness_is_redis_s(start: Callable[..., Service], own_redis: RedisServer) -> None:
    """Without Redis it lives, is not ready, and refuses votes; with Redis back it takes them."""
    service = start("vote", **environment(own_redis))
    service.wait_ready()
    own_redis.stop()
    assert service.admin("/livez").status_code == 200
    assert service.admin("/readyz").status_code == 503
    assert httpx.post(service.url, data={"choice": "a"}).status_code == 503
    own_redis.start()
    service.wait_ready()
    assert httpx.post(service.url, data={"choice": "a"}).status_code == 303
    lines = [json.loads(line)["message"] for line in service.log.splitlines()]
    assert lines.count("votes cannot be stored") == 1
    assert lines.count("votes can be stored again") == 1


def test_drains(start: Callable[..., Service], redis_server: RedisServer) -> None:
    """A vote that is under way when SIGTERM comes is stored and acknowledged."""
    service = start("vote", **environment(redis_server), REDIS_TIMEOUT_MS="20000")
    service.wait_ready()
    with redis_server.client() as admin, ThreadPoolExecutor() as pool:
        # Redis holds every write back, so that the vote is under way for as long as we like.
        admin.client_pause(20_000, all=False)
        answer = pool.submit(httpx.post, service.url, data={"choice": "a"}, timeout=30)
        wait_for(
            "the vote to wait in Redis",
            lambda: Seen(
                done=any(row["name"] == "" and row["cmd"] == "xadd" for row in admin.client_list()),
                state=str(admin.client_list()),
            ),
            timeout_s=10,
        )
        stopping = pool.submit(service.stop)
        wait_for(
            "the port to be closed",
            lambda: Seen(done=not accepts(service.url), state="it accepts connections"),
            timeout_s=10,
        )
        assert not answer.done()
        admin.client_unpause()
        assert answer.result().status_code == 303
        assert stopping.result() == 0
        assert admin.xlen(STREAM) == 1


def accepts(url: str) -> bool:
    """Say whether anybody listens."""
    try:
        httpx.get(url, timeout=5)
    except httpx.TransportError:
        return False
    return True


def test_concurrent_voters_each_count_once(start: Callable[..., Service], redis_server: RedisServer) -> None:
    """Every acknowledged vote is in the stream, each with an identity of its own."""
    service = start("vote", **environment(redis_server))
    service.wait_ready()
    barrier = threading.Barrier(16)

    def vote(_: int) -> int:
        barrier.wait()
        with httpx.Client(base_url=service.url) as client:
            return [client.post("/", data={"choice": "a"}).status_code for _ in range(5)].count(303)

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(vote, range(16))) == 80
    with redis_server.client() as admin:
        rows = admin.xrange(STREAM)
    assert rows is not None
    assert len(rows) == 80


def test_needs_no_writable_place_but_tmp(
    start: Callable[..., Service], redis_server: RedisServer, tmp_path: Path
) -> None:
    """It keeps no file open for writing but in /tmp, and leaves nothing in its home or working folder."""
    home = tmp_path / "home"
    home.mkdir()
    service = start("vote", **environment(redis_server), HOME=str(home))
    service.wait_ready()
    assert httpx.post(service.url, data={"choice": "a"}).status_code == 303
    opened = run(["ls", "-l", *(f"/proc/{pid}/fd" for pid in children(service.process.pid))]).stdout
    written = {line.partition(" -> ")[2].split(" ")[0] for line in opened.splitlines() if " -> /" in line}
    assert all(path.startswith(("/tmp/", "/dev/", "/proc/")) for path in written), written  # noqa: S108  # the promise
    assert list(home.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"home", "vote-0.log"}


def children(pid: int) -> list[int]:
    """Give a process and its children."""
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as listing:  # noqa: PTH123  # a file of the kernel
        return [pid, *map(int, listing.read().split())]
