"""Asking name servers, against a small one on the loopback interface."""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

import pytest

from ballotbox_probe import dns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NAME = "db.ballotbox.svc.cluster.local"


def _reply(query: bytes, code: int = 0, *records: bytes) -> bytes:
    header = query[:2] + struct.pack("!5H", 0x8180 | code, 1, len(records), 0, 0)
    return header + query[12:] + b"".join(records)


def _record(kind: int, data: bytes) -> bytes:
    return b"\xc0\x0c" + struct.pack("!2HIH", kind, 1, 5, len(data)) + data


@pytest.fixture
def server() -> Iterator[Callable[[Callable[[bytes], bytes]], int]]:
    """Give a function that starts a name server with one way of replying, and returns its port."""
    ended = threading.Event()
    threads = []

    def start(reply: Callable[[bytes], bytes]) -> int:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(0.05)

        def serve() -> None:
            with opened:
                while not ended.is_set():
                    try:
                        query, caller = opened.recvfrom(512)
                    except TimeoutError:
                        continue
                    opened.sendto(reply(query), caller)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        port: int = opened.getsockname()[1]
        return port

    yield start
    ended.set()
    for thread in threads:
        thread.join()


def test_the_address_of_a_name_is_found(server: Callable[[Callable[[bytes], bytes]], int]) -> None:
    """An alias before the address does not matter."""
    port = server(lambda query: _reply(query, 0, _record(5, b"\x01a\x00"), _record(1, bytes([10, 96, 0, 7]))))
    assert dns.look_up(NAME, "127.0.0.1", time.monotonic() + 1, port) == "10.96.0.7"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (lambda query: _reply(query, 3), "no such name"),
        (lambda query: _reply(query, 2), "server failure"),
        (lambda query: _reply(query, 0), "no address"),
        (lambda query: b"\x00\x00" + _reply(query)[2:], "another question"),
        (lambda query: _reply(query, 0, b"\xc0"), "garbled"),
    ],
)
def test_a_bad_reply_is_an_error(
    server: Callable[[Callable[[bytes], bytes]], int], reply: Callable[[bytes], bytes], said: str
) -> None:
    """A reply without an address says why there is none."""
    with pytest.raises(dns.DnsError, match=said):
        dns.look_up(NAME, "127.0.0.1", time.monotonic() + 1, server(reply))


def test_a_question_is_what_the_standard_says() -> None:
    """A query has one question, for an address, with the labels counted."""
    query = dns.question("a.bc")
    assert query[2:] == b"\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x01a\x02bc\x00\x00\x01\x00\x01"


def test_the_name_server_is_the_first_of_resolv_conf(tmp_path: Path) -> None:
    """Comments and other lines are passed over; a file without a name server is an error."""
    file = tmp_path / "resolv.conf"
    file.write_text("# made\nsearch x\nnameserver 10.96.0.10\nnameserver 10.96.0.11\n")
    assert dns.name_server(str(file)) == "10.96.0.10"
    file.write_text("search x\n")
    with pytest.raises(dns.DnsError, match="no name server"):
        dns.name_server(str(file))
