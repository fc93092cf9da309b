"""Facts of machines, from recorded texts and from this one."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import prerequisites
from harness.doctor import facts
from harness.doctor.facts import Docker

if TYPE_CHECKING:
    from tests.fix_standins import StandIns

MEMINFO = """\
MemTotal:        8046080 kB
MemFree:          314508 kB
MemAvailable:    2621440 kB
Buffers:          120136 kB
"""
STATUS = "Name:\tcat\nUid:\t0\t0\t0\t0\nCapInh:\t0000000000000000\nCapEff:\t000001fffeffffff\nSeccomp:\t0\n"


def test_memory() -> None:
    """What counts is the memory that is available, in bytes."""
    assert facts.parse_memory(MEMINFO) == 2560 * 1024**2
    assert facts.parse_memory("MemTotal: 1 kB\n") is None
    assert facts.parse_memory("") is None


def test_capabilities() -> None:
    """The effective capabilities are a bit mask."""
    assert facts.parse_capabilities(STATUS) == 0x1FFFEFFFFFF
    assert facts.parse_capabilities("") is None


def test_docker_that_runs(standins: StandIns) -> None:
    """A Docker that answers has the server's version."""
    standins.install("docker")
    standins.answer("docker", "version", stdout="28.2.2\n")
    assert facts._docker() == Docker(version="28.2.2")


def test_docker_that_does_not_answer(standins: StandIns) -> None:
    """A client without its daemon is not a working Docker; its complaint is kept, on one line."""
    standins.install("docker")
    standins.answer("docker", "version", stdout="\n", stderr="Cannot connect to\nthe Docker daemon", exit_code=1)
    assert facts._docker() == Docker(complaint="Cannot connect to the Docker daemon")


def test_docker_that_fails_silently(standins: StandIns) -> None:
    """A Docker that fails without a word is said to have said nothing; what is asked is the server's version."""
    standins.install("docker")
    standins.answer("docker", exit_code=1)
    assert facts._docker() == Docker(complaint="it said nothing")
    assert standins.calls("docker")[0].arguments == ["version", "--format", "{{.Server.Version}}"]


@pytest.mark.parametrize(
    ("user", "uid_map", "answer"),
    [
        (0, "         0          0 4294967295\n", True),
        (1000, "         0          0 4294967295\n", False),
        (0, "         0       1000          1\n", False),
        (0, "         0     100000      65536\n", False),
        (0, "", False),
    ],
)
def test_root(user: int, uid_map: str, answer: bool) -> None:
    """Root of a rootless container is not root of the machine."""
    assert facts.is_root(user, uid_map) is answer


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's /proc")
def test_holders() -> None:
    """A port is held when localhost answers there; on another address of the machine it is not in the way."""
    with socket.create_server(("127.0.0.1", 0)) as here, socket.create_server(("127.0.0.2", 0)) as elsewhere:
        ports = here.getsockname()[1], elsewhere.getsockname()[1]
        holders = facts._holders(ports)
    assert list(holders) == [ports[0]]
    assert holders[ports[0]].endswith(f"(process {os.getpid()})")


def test_this_machine() -> None:
    """Looking at this machine gives facts and changes nothing that a second look would see."""
    ports = (1, 2)
    first, second = facts.gather(ports), facts.gather(ports)
    own = prerequisites.installed_go()
    assert first.system
    assert first.disk > 0
    assert first.go == (own[1] if own else None)
    assert bool(first.trials) is first.root
    assert first.trials == second.trials
    assert set(first.listening) <= set(ports)
