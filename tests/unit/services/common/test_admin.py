"""The admin server, over HTTP."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter

from ballotbox_common.admin import AdminServer
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Ask = Callable[[str, Callable[[], str | None]], httpx.Response]


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Give a way to ask an admin server with a given readiness."""
    servers: list[AdminServer] = []
    registry = CollectorRegistry()
    Counter("votes", "Votes.", registry=registry).inc(3)

    def get(path: str, why_not_ready: Callable[[], str | None]) -> httpx.Response:
        server = AdminServer(port=0, host="127.0.0.1", why_not_ready=why_not_ready, registry=registry).start()
        servers.append(server)
        return httpx.get(f"http://127.0.0.1:{server.port}{path}")

    yield get
    for server in servers:
        server.stop()


def broken() -> str | None:
    """Fail."""
    raise RuntimeError("broken")


def test_alive_whatever_the_back_end_does(ask: Ask) -> None:
    """Liveness depends on nothing."""
    assert ask("/livez", broken).status_code == 200


def test_ready_when_there_is_no_reason_not_to_be(ask: Ask) -> None:
    """Readiness is the back end's."""
    assert ask("/readyz", lambda: None).status_code == 200


def test_tells_why_it_is_not_ready(ask: Ask) -> None:
    """The reason is in the answer, for `kubectl describe`."""
    answer = ask("/readyz", lambda: "Redis is away")
    assert (answer.status_code, answer.text) == (503, "not ready: Redis is away\n")


class TestDrain:
    """What the pod's preStop hook calls."""

    @pytest.fixture
    def url(self) -> Iterator[str]:
        """A ready server that lingers for a moment."""
        server = AdminServer(port=0, host="127.0.0.1", why_not_ready=lambda: None, linger_s=0.4).start()
        yield f"http://127.0.0.1:{server.port}"
        server.stop()

    def test_not_ready_from_the_call_on(self, url: str) -> None:
        """While the hook waits for its answer the pod is alive and not ready; afterwards it stays so."""
        assert httpx.get(f"{url}/readyz").status_code == 200
        with ThreadPoolExecutor(1) as pool:
            hook = pool.submit(httpx.get, f"{url}/drain")

            def look() -> Seen:
                said = httpx.get(f"{url}/readyz")
                return Seen(said.text == "not ready: draining\n" and not hook.done(), said.text)

            wait_for("a pod that drains", look, timeout_s=5, interval_s=0.01)
            assert httpx.get(f"{url}/livez").status_code == 200
            assert hook.result().status_code == 200
            assert hook.result().elapsed.total_seconds() >= 0.4
        assert httpx.get(f"{url}/readyz").status_code == 503

    def test_only_where_it_is_wanted(self, ask: Ask) -> None:
        """A service without visitors has nothing to wait for."""
        assert ask("/drain", lambda: None).status_code == 404


def test_a_check_that_fails_is_not_ready(ask: Ask) -> None:
    """A defect of the check is an answer too."""
    assert ask("/readyz", broken).status_code == 503


def test_shows_metrics(ask: Ask) -> None:
    """Metrics are in Prometheus's text format."""
    answer = ask("/metrics", lambda: None)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert "votes_total 3.0" in answer.text


def test_has_nothing_else(ask: Ask) -> None:
    """Other paths are not found."""
    assert ask("/", lambda: None).status_code == 404
