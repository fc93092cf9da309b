"""The admin server of a service: /livez, /readyz and /metrics on a port of their own, which no voter can reach.

/drain is for the pod's preStop hook. A pod that is deleted still has visitors: whoever holds a cookie of the Ingress
controller is sent to it for as long as it is Ready, and for a moment longer. So it says at once that it is not, goes on
serving until everybody has heard of it, and only then is it told to end.
https://kubernetes.io/docs/concepts/containers/container-lifecycle-hooks/
"""

from __future__ import annotations

import logging
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

if TYPE_CHECKING:
    from collections.abc import Callable

# The kubelet probes a pod by its address, so loopback alone would make every probe fail.
EVERY_ADDRESS = "0.0.0.0"  # noqa: S104  # the reason is the line above; NetworkPolicies and Services leave the port out

_log = logging.getLogger(__name__)


class AdminServer:
    """Answers probes and metrics from a thread of its own.

    Args:
        port: Where it listens; 0 takes a free one.
        why_not_ready: Gives the reason why the service cannot do its work now, or None when it can. It is called for
            every /readyz, in any thread, and has to answer within the probe's time limit.
        host: The address it listens on.
        linger_s: How long /drain takes to answer, in seconds; without it there is no /drain.
        registry: Whose metrics /metrics shows.
    """

    def __init__(
        self,
        *,
        port: int,
        why_not_ready: Callable[[], str | None],
        host: str = EVERY_ADDRESS,
        linger_s: float | None = None,
        registry: CollectorRegistry = REGISTRY,
    ) -> None:
        self._draining = _Draining(why_not_ready, linger_s)
        self._server = _Server((host, port), _handler(self._draining, registry))
        self._thread = threading.Thread(target=self._server.serve_forever, name="admin", daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> AdminServer:
        """Begin to answer."""
        self._thread.start()
        return self

    def stop(self) -> None:
        """End, and give the port back; nobody lingers any more."""
        self._draining.ended.set()
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A probe that hangs must not keep the process from ending.
    block_on_close = False


class _Draining:
    """Readiness, until the pod is told that it will end."""

    def __init__(self, why_not_ready: Callable[[], str | None], linger_s: float | None) -> None:
        self._why_not_ready = why_not_ready
        self._begun = threading.Event()
        self.linger_s = linger_s
        self.ended = threading.Event()

    def why_not_ready(self) -> str | None:
        return "draining" if self._begun.is_set() else self._why_not_ready()

    def drain(self) -> None:
        """Be not ready from now on, and return when everybody has had the time to notice."""
        if not self._begun.is_set():
            _log.info("draining", extra={"linger_s": self.linger_s})
        self._begun.set()
        self.ended.wait(self.linger_s)


def _handler(draining: _Draining, registry: CollectorRegistry) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version = "ballotbox"
        sys_version = ""
        timeout = 10

        def do_GET(self) -> None:
            if self.path == "/livez":
                self._answer(HTTPStatus.OK, b"alive\n")
            elif self.path == "/readyz":
                reason = _reason(draining.why_not_ready)
                if reason is None:
                    self._answer(HTTPStatus.OK, b"ready\n")
                else:
                    self._answer(HTTPStatus.SERVICE_UNAVAILABLE, f"not ready: {reason}\n".encode())
            elif self.path == "/metrics":
                self._answer(HTTPStatus.OK, generate_latest(registry), CONTENT_TYPE_LATEST)
            elif self.path == "/drain" and draining.linger_s is not None:
                draining.drain()
                self._answer(HTTPStatus.OK, b"drained\n")
            else:
                self._answer(HTTPStatus.NOT_FOUND, b"here are /livez, /readyz and /metrics\n")

        def _answer(self, status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the base class's
            _log.debug(format % args)

    return Handler


def _reason(why_not_ready: Callable[[], str | None]) -> str | None:
    try:
        return why_not_ready()
    except Exception:  # noqa: BLE001  # whatever fails there, the answer is "not ready", not a dropped connection
        _log.exception("the readiness check itself failed")
        return "the readiness check itself failed; the log has the reason"
