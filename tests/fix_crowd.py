"""A crowd of voters that votes on while something dies: each voter tries until the vote is acknowledged."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

import httpx
import pytest

from harness.waiting import Seen, wait_for
from tests.fix_cluster import requests
from tests.fix_visitors import Tally, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from harness.platform.up import Up

AT_ONCE = 12
# As long as a part may be away: a container that is started again, its volume mounted, its back ends found.
PATIENCE_S = 90.0
_RETRY_S = 0.2
_ANSWER_S = 5.0
# What a voter may be told while a part is away. A 4xx would be a vote refused for the voter's own fault: it had none.
_AWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})


@dataclass
class Crowd:
    """Voters with one vote each.

    Attributes:
        url: The vote page.
        choices: What each voter chooses.
        refusals: How often which refusal was met: an HTTP status, or the name of an error of the connection.
    """

    url: str
    choices: list[str]
    refusals: Counter[str] = field(default_factory=Counter)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(AT_ONCE))
    _votes: list[Future[None]] = field(default_factory=list)
    _acknowledged: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Let them vote."""
        self._votes = [self._pool.submit(self._vote, choice) for choice in self.choices]

    def close(self) -> None:
        """Let those who have begun end; the others never begin."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    @property
    def tally(self) -> Tally:
        """What the whole crowd amounts to."""
        return Tally(self.choices.count("a"), self.choices.count("b"))

    def wait_for(self, acknowledged: int) -> None:
        """Wait until so many votes are acknowledged."""

        def look() -> Seen:
            return Seen(self._acknowledged >= acknowledged, f"{self._acknowledged}, refusals {dict(self.refusals)}")

        wait_for(f"{acknowledged} acknowledged votes", look, timeout_s=PATIENCE_S, interval_s=0.01)

    def finish(self) -> None:
        """Wait until every vote is acknowledged.

        Raises:
            WaitError: Of the first voter whose patience was at its end.
        """
        for vote in self._votes:
            vote.result(timeout=2 * PATIENCE_S)

    def _vote(self, choice: str) -> None:
        visitor = Visitor(self.url, httpx.Limits(max_connections=1), timeout_s=_ANSWER_S)
        with visitor.client as client:
            # First of all the cookie: an attempt whose answer is lost must be the same voter's as the next one.
            self._until_answered("a ballot", lambda: client.get("/"))
            self._until_answered("the acknowledgement of a vote", lambda: visitor.vote(choice))
        with self._lock:
            self._acknowledged += 1

    def _until_answered(self, what: str, ask: Callable[[], httpx.Response]) -> None:
        def look() -> Seen:
            try:
                answer = ask()
            except httpx.TransportError as error:
                refusal = type(error).__name__
                requests.append(f"{what}: {error!r}")
            else:
                if answer.status_code == HTTPStatus.OK:
                    return Seen(done=True, state="answered")
                refusal = str(answer.status_code)
                assert answer.status_code in _AWAY, f"{what}: {refusal} {answer.text[:300]}"
            with self._lock:
                self.refusals[refusal] += 1
            return Seen(done=False, state=refusal)

        # Trying again is what the page's own script does, and right: a voter's last vote counts, once.
        wait_for(what, look, timeout_s=PATIENCE_S, interval_s=_RETRY_S)


@pytest.fixture
def crowd(platform: Up) -> Iterator[Crowd]:
    """240 voters, who wait for the test to let them vote."""
    gathered = Crowd(platform.endpoints.vote_url, ["a" if number % 3 else "b" for number in range(240)])
    yield gathered
    gathered.close()
