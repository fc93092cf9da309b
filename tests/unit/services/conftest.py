"""Runs a service as its image does: `python -m ballotbox_<name>`, settings from the environment, ended by SIGTERM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from harness.paths import ROOT
from harness.waiting import Seen, wait_for
from tests.fix_redis import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAMES = ("common", "vote", "worker", "result", "seed")


class Service:
    """A running service; its log is what it wrote to standard output and standard error."""

    def __init__(self, name: str, environment: dict[str, str], log: Path) -> None:
        self.name = name
        self.http_port = free_port()
        self.admin_port = free_port()
        self._log = log
        with log.open("ab") as sink:
            self.process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", sys.executable, "-m", f"ballotbox_{name}"],
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": os.pathsep.join(str(ROOT / "services" / part) for part in NAMES),
                    "HTTP_PORT": str(self.http_port),
                    "ADMIN_PORT": str(self.admin_port),
                    **environment,
                },
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=log.parent,
            )

    @property
    def url(self) -> str:
        """Where its page is."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def log(self) -> str:
        """What it has said so far."""
        return self._log.read_text()

    def admin(self, path: str) -> httpx.Response:
        """Ask its admin server."""
        return httpx.get(f"http://127.0.0.1:{self.admin_port}{path}", timeout=10)

    def wait_ready(self) -> None:
        """Wait until it says that it is ready."""
        wait_for(f"{self.name} to be ready", self._look, timeout_s=60, interval_s=0.05)

    def stop(self) -> int:
        """End it as the kubelet does; give the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)

    def _look(self) -> Seen:
        if self.process.poll() is not None:
            pytest.fail(f"{self.name} ended: {self.log}", pytrace=False)
        try:
            answer = self.admin("/readyz")
        except httpx.TransportError as error:
            return Seen(done=False, state=str(error))
        return Seen(done=answer.status_code == httpx.codes.OK, state=answer.text)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """Give a starter of services; all are ended with the test."""
    services: list[Service] = []

    def begin(name: str, **environment: str) -> Service:
        services.append(Service(name, environment, tmp_path / f"{name}-{len(services)}.log"))
        return services[-1]

    yield begin
    for service in services:
        service.process.kill()
        service.process.wait()
