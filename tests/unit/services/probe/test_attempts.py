"""Trying targets, against real sockets on the loopback interface."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from ballotbox_probe import dns
from ballotbox_probe.attempts import attempt, attempt_all
from ballotbox_probe.listener import answer, bind
from ballotbox_probe.targets import Target

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def full_port() -> Iterator[int]:
    """Give a TCP port whose queue is full, so that the kernel drops what comes: to a caller, a firewall that drops."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind((LOOPBACK, 0))
        server.listen(0)
        port: int = server.getsockname()[1]
        for _ in range(4):
            client = stack.enter_context(socket.socket())
            client.settimeout(0)
            client.connect_ex((LOOPBACK, port))
        yield port


@pytest.fixture
def echo_ports() -> Iterator[tuple[int, int]]:
    """Give the TCP and the UDP port of the probe's own listener."""
    ports = (_free_port(socket.SOCK_STREAM), _free_port(socket.SOCK_DGRAM))
    sockets = bind([(ports[0], "TCP"), (ports[1], "UDP")], LOOPBACK)
    ended = threading.Event()

    def serve(opened: socket.socket) -> None:
        opened.settimeout(0.05)
        while not ended.is_set():
            answer(opened)

    threads = [threading.Thread(target=serve, args=(each,)) for each in sockets]
    for thread in threads:
        thread.start()
    yield ports
    ended.set()
    for thread in threads:
        thread.join()
    for each in sockets:
        each.close()


def test_an_answering_port_is_open(echo_ports: tuple[int, int]) -> None:
    """TCP that connects and UDP that echoes are open."""
    tcp, udp = echo_ports
    assert attempt(Target("t", LOOPBACK, tcp)).verdict == "open"
    assert attempt(Target("u", LOOPBACK, udp, "UDP")).verdict == "open"


def test_an_echo_comes_from_the_address_that_was_called() -> None:
    """A listener on every address replies from the one that was called; a caller believes no other."""
    port = _free_port(socket.SOCK_DGRAM)
    [opened] = bind([(port, "UDP")])
    with opened:
        opened.settimeout(2)
        server = threading.Thread(target=answer, args=(opened,))
        server.start()
        seen = attempt(Target("u", "127.0.0.9", port, "UDP"))
        server.join()
    assert seen.verdict == "open"


def test_a_closed_port_is_refused() -> None:
    """A port that nothing listens on is refused, over TCP and over UDP."""
    assert attempt(Target("t", LOOPBACK, _free_port(socket.SOCK_STREAM))).verdict == "refused"
    assert attempt(Target("u", LOOPBACK, _free_port(socket.SOCK_DGRAM), "UDP")).verdict == "refused"


def test_silence_is_a_timeout(full_port: int) -> None:
    """A port that drops what comes times out, after the time that was given and not much more."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind((LOOPBACK, 0))
        start = time.monotonic()
        answers = attempt_all(
            [Target("t", LOOPBACK, full_port), Target("u", LOOPBACK, mute.getsockname()[1], "UDP")], 0.3
        )
    assert [each.verdict for each in answers] == ["timeout", "timeout"]
    assert 0.3 <= time.monotonic() - start < 1.0


def test_targets_are_tried_at_the_same_time(full_port: int) -> None:
    """Forty targets that time out take as long as one."""
    start = time.monotonic()
    answers = attempt_all([Target(str(index), LOOPBACK, full_port) for index in range(40)], 0.4)
    assert [each.id for each in answers] == [str(index) for index in range(40)]
    assert {each.verdict for each in answers} == {"timeout"}
    assert time.monotonic() - start < 1.5


def test_a_name_that_cannot_be_looked_up_is_a_dns_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failed look-up is neither blocked nor refused."""
    port = _free_port(socket.SOCK_DGRAM)
    monkeypatch.setattr(dns, "name_server", lambda: LOOPBACK)
    monkeypatch.setattr(dns, "look_up", lambda name, server, deadline: real(name, server, deadline, port))
    seen = attempt(Target("n", "db.ballotbox.svc.cluster.local", 5432), 0.3)
    assert seen.verdict == "dns-failure"
    assert LOOPBACK in seen.detail


real = dns.look_up


def test_an_unreachable_network_is_invalid() -> None:
    """What is neither answer, refusal nor silence proves nothing: it is invalid and says why."""
    seen = attempt(Target("m", "255.255.255.255", 9), 0.3)
    assert seen.verdict == "invalid"
    assert seen.detail
