"""Casts votes through the vote page as browsers do: one identity a voter, one vote at a time, again when it is busy."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING

import httpx

from ballotbox_common.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_BUSY = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_LONGEST_RETRY_AFTER_S = 30.0
_TIMEOUT_S = 10.0

_log = logging.getLogger(__name__)


@dataclass
class Score:
    """What became of the votes so far."""

    total: int
    acknowledged: int = 0
    given_up: int = 0
    retries: int = 0

    @property
    def done(self) -> int:
        """Votes whose fate is known."""
        return self.acknowledged + self.given_up


class NotAcknowledgedError(Exception):
    """A vote was refused, or there was no acknowledgement in time."""


class Voter:
    """One identity on the vote page.

    The cookie is carried by hand: inside a cluster the page is reached over plain HTTP even where its cookie is for
    HTTPS only, and a cookie jar would rightly keep it back.
    """

    def __init__(self, client: httpx.AsyncClient, *, give_up_s: float, on_retry: Callable[[], None]) -> None:
        self._client = client
        self._give_up_s = give_up_s
        self._on_retry = on_retry
        self._cookie = ""

    async def vote(self, choice: str) -> None:
        """Cast a vote; return when the page has acknowledged it.

        Raises:
            NotAcknowledgedError: It was refused, or the time was up.
        """
        deadline = time.monotonic() + self._give_up_s
        backoff = Backoff(base_s=0.2, cap_s=5)
        if not self._cookie:
            # First the page, as a browser does: a vote without identity that is sent twice would be two voters'.
            await self._until_answered("GET", None, deadline, backoff)
        await self._until_answered("POST", choice, deadline, backoff)

    async def _until_answered(self, method: str, choice: str | None, deadline: float, backoff: Backoff) -> None:
        while True:
            wait_s = backoff.next_s()
            try:
                response = await self._send(method, choice)
            except httpx.TransportError as error:
                seen = f"{type(error).__name__} {error}".strip()
            else:
                if response.status_code == HTTPStatus.OK:
                    return
                seen = f"{response.status_code} {response.reason_phrase}"
                if response.status_code not in _BUSY:
                    raise NotAcknowledgedError(f"{method} {response.url}: expected 200, found {seen}")
                wait_s += retry_after_s(response.headers.get("Retry-After"))
            if time.monotonic() + wait_s > deadline:
                raise NotAcknowledgedError(
                    f"{method}: no acknowledgement within {self._give_up_s:g} s; last seen: {seen}"
                )
            self._on_retry()
            await asyncio.sleep(wait_s)

    async def _send(self, method: str, choice: str | None) -> httpx.Response:
        headers = {"Accept": "application/json"} | ({"Cookie": self._cookie} if self._cookie else {})
        data = None if choice is None else {"choice": choice}
        response = await self._client.request(method, "/", headers=headers, data=data)
        given = response.headers.get("Set-Cookie")
        if given:
            self._cookie = given.partition(";")[0]
        return response


class NoCookies(CookieJar):
    """A jar that keeps nothing: the client's own would mix the voters up."""

    def extract_cookies(self, *_: object) -> None:
        """Take no cookie."""


async def cast(
    url: str,
    ballots: Iterable[list[str]],
    *,
    concurrency: int,
    give_up_s: float,
    progress: Callable[[Score], None],
) -> Score:
    """Cast all votes, `concurrency` voters at a time, telling `progress` after each; give what became of them."""
    ballots = list(ballots)
    score = Score(total=sum(map(len, ballots)))
    waiting = iter(ballots)
    complaints = itertools.count()

    def on_retry() -> None:
        score.retries += 1

    async def take_turns(client: httpx.AsyncClient) -> None:
        for choices in waiting:  # one iterator for all: each takes the next voter
            voter = Voter(client, give_up_s=give_up_s, on_retry=on_retry)
            for choice in choices:
                try:
                    await voter.vote(choice)
                    score.acknowledged += 1
                except NotAcknowledgedError as error:
                    score.given_up += 1
                    if next(complaints) < 10:  # noqa: PLR2004  # enough to see why; the rest is counted
                        _log.error("vote not acknowledged", extra={"error": str(error)})
                progress(score)

    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(
        base_url=url, limits=limits, timeout=_TIMEOUT_S, trust_env=False, cookies=NoCookies()
    ) as client:
        await asyncio.gather(*(take_turns(client) for _ in range(min(concurrency, len(ballots)))))
    return score


def retry_after_s(header: str | None) -> float:
    """Give the seconds that a Retry-After header asks for, within reason; a date or nonsense asks for none."""
    if header is None or not header.strip().isdecimal():
        return 0.0
    return min(float(header), _LONGEST_RETRY_AFTER_S)
