"""Answers on ports, so that there is a target: greets on TCP, echoes on UDP."""

from __future__ import annotations

import selectors
import socket
import struct
from typing import TYPE_CHECKING

from ballotbox_probe.attempts import GREETING
from ballotbox_probe.targets import MAX_PORT, PROTOCOLS, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence


_IP_PKTINFO = 8  # of linux/in.h; the socket module has no name for it
_PACKET_INFO = struct.Struct("=i4s4s")  # interface, local address, destination of the packet's header


def read_port(text: str) -> tuple[int, str]:
    """Read `8080/TCP`.

    Raises:
        InputError: It is not that.
    """
    number, _, protocol = text.partition("/")
    if not number.isdecimal() or not 1 <= int(number) <= MAX_PORT or protocol not in PROTOCOLS:
        raise InputError(f"expected a port such as 8080/TCP, found {text!r}")
    return int(number), protocol


def bind(ports: Sequence[tuple[int, str]], host: str = "") -> list[socket.socket]:
    """Open the ports.

    Raises:
        InputError: One is taken or forbidden.
    """
    sockets = []
    for port, protocol in ports:
        kind = socket.SOCK_STREAM if protocol == "TCP" else socket.SOCK_DGRAM
        opened = socket.socket(socket.AF_INET, kind)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind((host, port))
            if protocol == "TCP":
                opened.listen(128)
            else:
                opened.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
        except OSError as error:
            raise InputError(f"{port}/{protocol}: {error.strerror}") from None
        opened.settimeout(0)
        sockets.append(opened)
    return sockets


def serve(sockets: Sequence[socket.socket]) -> None:
    """Answer until the process ends."""
    with selectors.DefaultSelector() as selector:
        for each in sockets:
            selector.register(each, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if isinstance(key.fileobj, socket.socket):
                    answer(key.fileobj)


def answer(ready: socket.socket) -> None:
    """Answer one caller of a socket that is ready; a caller that has gone away is no error."""
    try:
        if ready.type == socket.SOCK_STREAM:
            client, _ = ready.accept()
            with client:
                client.sendall(GREETING)
        else:
            data, told, _, caller = ready.recvmsg(4096, socket.CMSG_SPACE(_PACKET_INFO.size))
            ready.sendmsg([data], [_from_where_it_went(each) for each in told], 0, caller)
    except OSError:
        return


def _from_where_it_went(told: tuple[int, int, bytes]) -> tuple[int, int, bytes]:
    """Return ancillary data that makes a reply come from the address that was called, whichever others there are."""
    level, kind, packet = told
    _, _, called = _PACKET_INFO.unpack(packet[: _PACKET_INFO.size])
    return level, kind, _PACKET_INFO.pack(0, called, called)
