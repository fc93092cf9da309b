"""Facts of machines, from recorded texts and from this one."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def test_this_machine() -> None:
    """Looking at this machine gives facts and changes nothing that a second look would see."""
    ports = (1, 2)
    first, second = facts.gather(ports), facts.gather(ports)
    assert first.system
    assert first.disk > 0
    assert first.trials == second.trials
    assert set(first.listening) <= set(ports)
