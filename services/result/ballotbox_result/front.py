"""What the port answers to a request that is not yet a WebSocket: the page, an asset, a refusal, or go on."""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Response

from ballotbox_common.web import NEVER_STORED, SECURITY_HEADERS
from ballotbox_result.metrics import REFUSED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from websockets.asyncio.server import ServerConnection
    from websockets.http11 import Request

    from ballotbox_common.web import Asset
    from ballotbox_result.hub import Hub
    from ballotbox_result.page import Page
    from ballotbox_result.settings import ResultSettings

WEBSOCKET_PATH = "/ws"
RETRY_AFTER_S = 5


class Front:
    """Decides about requests; `hub` knows how many pages there are and what the tally is."""

    def __init__(self, settings: ResultSettings, page: Page, assets: Mapping[str, Asset], hub: Hub) -> None:
        self._page = page
        self._assets = assets
        self._hub = hub
        self._origins = frozenset(origin.rstrip("/").lower() for origin in settings.allowed_origins)
        self._max_connections = settings.max_connections

    def answer(self, _connection: ServerConnection, request: Request) -> Response | None:
        """Give the response, or None to go on with the WebSocket's handshake."""
        address = urlsplit(request.path)
        if address.path == WEBSOCKET_PATH:
            return self._why_not(request)
        if address.path == "/":
            return respond(
                HTTPStatus.OK,
                self._page.render(self._hub.tally),
                {"Content-Type": "text/html; charset=utf-8", "Cache-Control": NEVER_STORED},
            )
        asset = self._assets.get(address.path.removeprefix("/assets/"))
        if asset is None or not address.path.startswith("/assets/"):
            return _say(HTTPStatus.NOT_FOUND, "There is only the result here.")
        headers = asset.headers(parse_qs(address.query).get("v", [None])[0])
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return respond(HTTPStatus.NOT_MODIFIED, b"", headers)
        return respond(HTTPStatus.OK, asset.body, headers)

    def _why_not(self, request: Request) -> Response | None:
        if not self._may_come_from(request.headers.get("Origin"), request.headers.get("Host", "")):
            REFUSED.labels("origin").inc()
            return _say(HTTPStatus.FORBIDDEN, "This page may not follow the tally.")
        if self._hub.size >= self._max_connections:
            REFUSED.labels("full").inc()
            refusal = _say(HTTPStatus.SERVICE_UNAVAILABLE, "Too many pages follow the tally; try again soon.")
            refusal.headers["Retry-After"] = str(RETRY_AFTER_S)
            return refusal
        return None

    def _may_come_from(self, origin: str | None, host: str) -> bool:
        """Say whether a page of `origin` may follow the tally; a client without one is no browser.

        The scheme is not compared with ours: TLS may end before us.
        """
        if origin is None or origin.lower() in self._origins:
            return True
        return origin.startswith(("http://", "https://")) and urlsplit(origin).netloc.lower() == host.lower()


def respond(status: HTTPStatus, body: bytes, headers: Mapping[str, str]) -> Response:
    """Make a response with the security headers; the connection ends with it."""
    return Response(
        status.value,
        status.phrase,
        Headers(
            {
                **SECURITY_HEADERS,
                **headers,
                "Date": formatdate(usegmt=True),
                "Content-Length": str(len(body)),
                "Connection": "close",
            }
        ),
        body,
    )


def _say(status: HTTPStatus, text: str) -> Response:
    return respond(
        status, f"{text}\n".encode(), {"Content-Type": "text/plain; charset=utf-8", "Cache-Control": NEVER_STORED}
    )
