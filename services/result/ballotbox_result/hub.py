"""The connected pages, and what they are told: the present tally at once, each new one soon, several as one."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from websockets.asyncio.server import broadcast

from ballotbox_result.metrics import BROADCASTS, CONNECTIONS, NOTIFIED
from ballotbox_result.tally import message

if TYPE_CHECKING:
    from websockets.asyncio.server import ServerConnection

    from ballotbox_result.tally import Tally

# Ten times a second looks live; the bars move for longer than that.
_SHORTEST_S = 0.1
# A page takes a longer silence for a lost connection, since its browser does not show it the pings.
_LONGEST_S = 15.0


class Hub:
    """Holds the last tally and the pages that see it; lives in one event loop.

    Args:
        shortest_s: Seconds between two messages at least; tallies in between are passed over.
        longest_s: Seconds between two messages at most; the same tally is then sent again.
    """

    def __init__(self, *, shortest_s: float = _SHORTEST_S, longest_s: float = _LONGEST_S) -> None:
        self._shortest_s = shortest_s
        self._longest_s = longest_s
        self._pages: set[ServerConnection] = set()
        self._news = asyncio.Event()
        self.tally: Tally | None = None
        self.live = False

    @property
    def size(self) -> int:
        """How many pages are connected."""
        return len(self._pages)

    def show(self, tally: Tally) -> None:
        """Take the present tally."""
        NOTIFIED.inc()
        self.tally, self.live = tally, True
        self._news.set()

    def lose(self) -> None:
        """Take note that the database is away: the pages keep the last tally and are told that it is the last."""
        self.live = False
        self._news.set()

    async def attend(self, page: ServerConnection) -> None:
        """Serve a page until it goes. A page has nothing to say: one that speaks is shown out."""
        # Not awaited, so that nothing newer can overtake it.
        broadcast({page}, message(self.tally, live=self.live))
        self._pages.add(page)
        CONNECTIONS.set(len(self._pages))
        try:
            async for _ in page:
                await page.close(1008, "nothing is expected from a page")
        finally:
            self._pages.discard(page)
            CONNECTIONS.set(len(self._pages))

    async def run(self) -> None:
        """Send news until cancelled."""
        while True:
            # Not wait_for: before Python 3.12 it swallows a cancellation that comes together with news.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._longest_s):
                    await self._news.wait()
            self._news.clear()
            broadcast(self._pages, message(self.tally, live=self.live))
            BROADCASTS.inc()
            await asyncio.sleep(self._shortest_s)
