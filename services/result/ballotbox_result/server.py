"""Runs the result page: one event loop with the listener, the hub, and one port for the page and its WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from typing import TYPE_CHECKING

import psycopg
from websockets.asyncio.server import serve

from ballotbox_common.admin import AdminServer
from ballotbox_common.backoff import Backoff
from ballotbox_common.web import load_assets
from ballotbox_result.front import Front
from ballotbox_result.hub import Hub
from ballotbox_result.listener import Listener
from ballotbox_result.page import Page

if TYPE_CHECKING:
    from ballotbox_result.settings import ResultSettings

_LARGEST_MESSAGE_BYTES = 1024
_PING_S = 20
# Of the kernel: a peer that is gone is noticed within about ten seconds.
_LIVENESS = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

_log = logging.getLogger(__name__)


async def run(settings: ResultSettings, *, host: str) -> None:
    """Serve until SIGTERM or SIGINT; then tell the pages to go elsewhere (close code 1001), and return."""
    hub = Hub()
    listener = Listener(lambda: _connect(settings), hub, backoff=Backoff(base_s=0.1, cap_s=5))
    assets = load_assets("ballotbox_result")
    front = Front(settings, Page(settings, assets), assets, hub)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    admin = AdminServer(
        port=settings.admin_port,
        host=host,
        why_not_ready=lambda: "draining" if stop.is_set() else listener.trouble,
        linger_s=settings.linger_s,
    ).start()
    tasks = [asyncio.create_task(listener.run()), asyncio.create_task(hub.run())]
    try:
        async with serve(
            hub.attend,
            host,
            settings.http_port,
            process_request=front.answer,
            server_header=None,
            compression=None,  # a message is smaller than what it would save
            max_size=_LARGEST_MESSAGE_BYTES,
            ping_interval=_PING_S,
            ping_timeout=_PING_S,
            close_timeout=2,
            logger=_quiet_logger(),
        ):
            _log.info("serving", extra={"port": settings.http_port})
            # A task of ours that ends, ends by a defect: better restarted than half alive.
            stopping = asyncio.create_task(stop.wait())
            await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
            stopping.cancel()
    finally:
        for task in tasks:
            task.cancel()
        admin.stop()
    for task in tasks:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    _log.info("drained")


async def _connect(settings: ResultSettings) -> psycopg.AsyncConnection:
    return await psycopg.AsyncConnection.connect(
        host=settings.db_host,
        port=settings.db_port,
        dbname=settings.db_name,
        user=settings.db_user,
        password=settings.db_password,
        application_name="result",
        autocommit=True,
        **_LIVENESS,  # type: ignore[arg-type]  # connection parameters, all of them numbers
    )


def _quiet_logger() -> logging.Logger:
    """Give websockets a logger that leaves out a line for every page and asset it serves."""
    logger = logging.getLogger("websockets.server")
    logger.setLevel(logging.WARNING)
    return logger
