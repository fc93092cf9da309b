"""A real Redis for tests: on a loopback port, as strict about durability as in the cluster, ended with the test."""

from __future__ import annotations

import shutil
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from redis import Redis
from redis.exceptions import RedisError

from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "only-for-tests"
# What the cluster's ACL grants, and no more: a command that a service begins to need has to be granted there as well.
RIGHTS = {
    "vote": "resetkeys ~votes -@all +ping +xadd",
    "worker": (
        "resetkeys ~votes ~votes:dead -@all +ping +xreadgroup +xautoclaim +xack +xadd +xtrim +xlen +xpending "
        "+xinfo|groups +xinfo|consumers +xgroup|create +xgroup|delconsumer +multi +exec +discard +eval"
    ),
}


class RedisServer:
    """A Redis process of its own: `stop` and `start` again keep its data, port and users."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        users = "\n".join(f"user {name} on >{PASSWORD} {rights}" for name, rights in RIGHTS.items())
        (folder / "users.acl").write_text(f"user default on nopass ~* &* +@all\n{users}\n")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        program = _program("redis-server")
        words = (
            f"--port {self.port} --bind 127.0.0.1 --appendonly yes --appendfsync always --maxmemory-policy noeviction"
        )
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                # If the tests are killed, it dies with them.
                ["setpriv", "--pdeathsig", "KILL", program, *words.split(), "--save", "", "--aclfile", "users.acl"],
                cwd=self._folder,
                stdout=log,
                stderr=log,
            )
        wait_for(f"Redis on port {self.port}", self._look, timeout_s=60, interval_s=0.02)

    def stop(self, *, gently: bool = True) -> None:
        """End it as SIGTERM does, or as a power cut does."""
        if self._process is not None:
            if gently:
                self._process.terminate()
            else:
                self._process.kill()
            self._process.wait(timeout=20)
            self._process = None

    def client(self) -> Redis:
        """Give a client that may do everything."""
        return Redis(port=self.port, decode_responses=True, protocol=2)

    def _look(self) -> Seen:
        assert self._process is not None
        if self._process.poll() is not None:
            pytest.fail(f"redis-server ended: {(self._folder / 'redis.log').read_text()[-500:]}", pytrace=False)
        try:
            with self.client() as client:
                client.ping()
        except RedisError as error:
            return Seen(done=False, state=str(error))
        return Seen(done=True, state="it answers")


@pytest.fixture(scope="session")
def _shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(_shared_redis: RedisServer) -> RedisServer:
    """Give an empty Redis that the tests share; it is not to be stopped."""
    with _shared_redis.client() as client:
        client.config_set("maxmemory", 0)
        client.flushall()
    return _shared_redis


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """Give a Redis of this test's own, running, which it may stop and start."""
    folder = tmp_path / "redis"
    folder.mkdir()
    server = RedisServer(folder)
    server.start()
    yield server
    server.stop(gently=False)


def free_port() -> int:
    """Give a loopback port that nothing listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name}: no such program on PATH: install the Debian package redis-server", pytrace=False)
    return path


def pytest_report_header() -> str:
    """Tell which Redis the tests meet."""
    path = shutil.which("redis-server")
    if path is None:
        return "redis: not installed (Debian package redis-server)"
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    return f"redis: {said.stdout.split(' sha=')[0].strip()}"
