"""The hub: what connected pages are told, and when."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from ballotbox_result.hub import Hub
from ballotbox_result.tally import Tally

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def running(hub: Hub) -> AsyncIterator[str]:
    """Run a hub with a server; give its address."""
    task = asyncio.create_task(hub.run())
    async with serve(hub.attend, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        yield f"ws://127.0.0.1:{port}"
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def next_of(page: Any) -> dict[str, Any]:
    """Give the next message."""
    async with asyncio.timeout(5):
        message: dict[str, Any] = json.loads(await page.recv())
    return message


def test_the_present_tally_at_once() -> None:
    """A page does not wait for the next vote."""

    async def scene() -> None:
        hub = Hub()
        hub.show(Tally(3, 2, 1))
        async with running(hub) as url, connect(url) as page:
            assert (await next_of(page))["revision"] == 3

    asyncio.run(scene())


def test_every_page_is_told() -> None:
    """News reaches all."""

    async def scene() -> None:
        hub = Hub(shortest_s=0.01)
        async with running(hub) as url, connect(url) as one, connect(url) as two:
            for page in (one, two):
                await next_of(page)
            hub.show(Tally(1, 5, 6))
            assert [(await next_of(page))["total"] for page in (one, two)] == [11, 11]

    asyncio.run(scene())


def test_a_storm_of_votes_is_a_few_messages_and_the_last_one_is_right() -> None:
    """Tallies in between are passed over, never the last."""

    async def scene() -> None:
        hub = Hub(shortest_s=0.1)
        async with running(hub) as url, connect(url) as page:
            await next_of(page)
            for number in range(1, 301):
                hub.show(Tally(number, number, 0))
                await asyncio.sleep(0.001)
            seen = [await next_of(page)]
            while seen[-1]["revision"] != 300:
                seen.append(await next_of(page))
            assert len(seen) < 60

    asyncio.run(scene())


def test_the_loss_of_the_database_is_told_and_so_is_its_return() -> None:
    """The last tally stays, marked as the last."""

    async def scene() -> None:
        hub = Hub(shortest_s=0.01)
        hub.show(Tally(1, 1, 0))
        async with running(hub) as url, connect(url) as page:
            assert (await next_of(page))["live"] is True
            hub.lose()
            message = await next_of(page)
            while message["live"]:
                message = await next_of(page)
            assert message["a"] == 1
            hub.show(Tally(2, 2, 0))
            assert (await next_of(page)) == {"a": 2, "b": 0, "total": 2, "revision": 2, "live": True}

    asyncio.run(scene())


def test_silence_is_broken() -> None:
    """Without news the same tally comes again, so that a page can tell silence from loss."""

    async def scene() -> None:
        hub = Hub(shortest_s=0.01, longest_s=0.05)
        async with running(hub) as url, connect(url) as page:
            assert await next_of(page) == await next_of(page) == await next_of(page)

    asyncio.run(scene())


def test_a_page_that_speaks_is_shown_out() -> None:
    """A page has nothing to say; it is closed with code 1008 and forgotten."""

    async def scene() -> None:
        hub = Hub()
        async with running(hub) as url, connect(url) as page:
            await page.send("hello")
            async with asyncio.timeout(5):
                await page.wait_closed()
                assert page.close_code == 1008
                while hub.size:  # noqa: ASYNC110  # the hub tells nobody when a page goes
                    await asyncio.sleep(0.01)

    asyncio.run(scene())


@pytest.mark.parametrize("steps", range(6))
def test_ends_although_news_comes_in_the_same_moment(steps: int) -> None:
    """A cancellation that meets news is not swallowed, however many steps of the loop lie between them."""

    async def scene() -> None:
        hub = Hub()
        task = asyncio.create_task(hub.run())
        await asyncio.sleep(0.01)
        hub.lose()
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        # Not `await task`: giving up waiting for it would cancel it once more.
        await asyncio.wait({task}, timeout=1)
        assert task.cancelled()

    asyncio.run(scene())
