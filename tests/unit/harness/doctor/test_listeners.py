"""Who listens on localhost's ports."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

from harness.doctor import listeners
from harness.doctor.listeners import Listener

# Recorded on x86-64, which is little-endian: 127.0.0.1:631, 0.0.0.0:8080, an established connection, 192.168.1.5:8081.
TCP = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0277 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21345
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 99001
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000  1000        0 99002
   3: 0501A8C0:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99003
"""
# As the kernel prints them, less the last columns: ::1 on 631, :: on 8080, ::ffff:127.0.0.1 on 8081, fe80::1 on 8080.
TCP6 = """\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:0277 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 21344
   1: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77001
   2: 0000000000000000FFFF00000100007F:1F91 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77002
   3: 000080FE000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77003
"""  # noqa: E501  # as the kernel prints it
little_endian = pytest.mark.skipif(
    sys.byteorder != "little", reason="the tables were recorded on a little-endian machine"
)


@little_endian
def test_ipv4() -> None:
    """Listening sockets are found with address, port and inode; connections are not."""
    assert listeners.parse(TCP) == [
        Listener("127.0.0.1", 631, 21345),
        Listener("0.0.0.0", 8080, 99001),
        Listener("192.168.1.5", 8081, 99003),
    ]


@little_endian
def test_ipv6() -> None:
    """IPv6 tables are read alike."""
    assert listeners.parse(TCP6) == [
        Listener("::1", 631, 21344),
        Listener("::", 8080, 77001),
        Listener("127.0.0.1", 8081, 77002),
        Listener("fe80::1", 8080, 77003),
    ]


@pytest.mark.parametrize(
    ("address", "answer"),
    [
        ("127.0.0.1", True),
        ("0.0.0.0", True),
        ("::", True),
        ("::1", True),
        ("192.168.1.5", False),
        ("127.0.0.2", False),
        ("fe80::1", False),
    ],
)
def test_on_localhost(address: str, answer: bool) -> None:
    """Only addresses that a browser reaches as localhost are in the way."""
    assert Listener(address, 8080, 1).on_localhost is answer


def test_empty_table() -> None:
    """A table with nothing but its heading, or a line cut short, has no listeners; neither has no table at all."""
    assert listeners.parse(TCP.splitlines()[0]) == []
    assert listeners.parse("\n".join([TCP.splitlines()[0], TCP.splitlines()[1][:40]])) == []
    assert listeners.read(Path("/nowhere")) == []


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's /proc")
@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_this_machine(family: socket.AddressFamily, address: str) -> None:
    """A socket of this very process is found, and the process is named."""
    try:
        server = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {address}")
    with server:
        port = server.getsockname()[1]
        [found] = [found for found in listeners.read() if found.port == port]
        assert found.address == address
        assert listeners.owner(found.inode).endswith(f"(process {os.getpid()})")


def test_unknown_owner() -> None:
    """A socket whose process does not show is said to be of one that this user may not see."""
    assert listeners.owner(-1) == "a process that this user may not see"
