"""Serves the vote page with gunicorn: one process with many threads, so that Redis can group what they write."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn publishes no types
from gunicorn.glogging import Logger  # type: ignore[import-untyped]  # as above

from ballotbox_common.admin import AdminServer
from ballotbox_common.broker import connect
from ballotbox_vote.app import create_app
from ballotbox_vote.ballot_box import BallotBox

if TYPE_CHECKING:
    from flask import Flask

    from ballotbox_vote.settings import VoteSettings

_PROBE_TIMEOUT_S = 1.0
# Longer than proxies keep idle connections (ingress-nginx 60 s, Traefik 90 s): the side that closes first must be the
# proxy, or a vote may be sent into a connection that we are just closing.
_KEEPALIVE_S = 95
_CONNECTIONS = 2048


class JsonLogger(Logger):  # type: ignore[misc]  # its base has no types
    """Gives gunicorn's own messages to this process's logs, and no line for each request: /metrics counts those."""

    def setup(self, cfg: Any) -> None:
        """Send the messages up to the root logger."""
        self.cfg = cfg
        self._access_log_enabled = False
        for logger in (self.error_log, self.access_log):
            logger.handlers.clear()
            logger.propagate = True
            logger.setLevel(logging.NOTSET)


class Server(BaseApplication):  # type: ignore[misc]  # its base has no types
    """The gunicorn application; everything is made in the worker process, after the fork."""

    def __init__(self, settings: VoteSettings, *, host: str) -> None:
        self._settings = settings
        self._host = host
        super().__init__()

    def load_config(self) -> None:
        """Set gunicorn up for one pod with a read-only root, and without a shell."""
        options = {
            "bind": f"{self._host}:{self._settings.http_port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": self._settings.threads,
            "worker_connections": _CONNECTIONS,
            "keepalive": _KEEPALIVE_S,
            "graceful_timeout": self._settings.drain_s,
            "timeout": 30,
            "limit_request_line": 2048,
            "limit_request_fields": 64,
            "limit_request_field_size": 8190,
            "logger_class": JsonLogger,
            "proc_name": "ballotbox-vote",
            "post_worker_init": self._start_admin,
            # Its socket would be written below the home folder, which is read-only and not needed.
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the Flask application."""
        return create_app(self._settings, self._ballot_box(timeout_s=self._settings.redis_timeout_ms / 1000))

    def _start_admin(self, worker: Any) -> None:
        # A client of its own: a probe must not wait for a connection that votes are using.
        probe = self._ballot_box(timeout_s=_PROBE_TIMEOUT_S)
        AdminServer(
            port=self._settings.admin_port,
            host=self._host,
            why_not_ready=lambda: probe.why_away() if worker.alive else "draining",
            linger_s=self._settings.linger_s,
        ).start()

    def _ballot_box(self, *, timeout_s: float) -> BallotBox:
        settings = self._settings
        return BallotBox(
            connect(
                host=settings.redis_host,
                port=settings.redis_port,
                username=settings.redis_username,
                password=settings.redis_password,
                timeout_s=timeout_s,
                retries=1,
            )
        )
