"""Asks a name server for an IPv4 address, with a deadline: the system's resolver may take half a minute to give up.

The messages: https://www.rfc-editor.org/rfc/rfc1035#section-4
"""

from __future__ import annotations

import os
import socket
import struct
import time

PORT = 53
RESEND_S = 0.4
_TYPE_A = 1
_CLASS_IN = 1
_HEADER = struct.Struct("!6H")
_POINTER = 0xC0
_RCODES = {1: "format error", 2: "server failure", 3: "no such name", 5: "refused by the server"}


class DnsError(Exception):
    """The name could not be looked up."""


def question(name: str) -> bytes:
    """Return a query for a name's IPv4 address, with a random identifier."""
    labels = b"".join(bytes([len(part)]) + part.encode("ascii") for part in name.rstrip(".").split("."))
    header = _HEADER.pack(int.from_bytes(os.urandom(2), "big"), 0x0100, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack("!2H", _TYPE_A, _CLASS_IN)


def addresses(query: bytes, reply: bytes) -> list[str]:
    """Return the IPv4 addresses in a reply.

    Raises:
        DnsError: The reply is not one to this query, or says that there is no address.
    """
    if len(reply) < _HEADER.size or reply[:2] != query[:2]:
        raise DnsError("a reply to another question")
    _, flags, questions, answers, _, _ = _HEADER.unpack_from(reply)
    code = flags & 0x000F
    if code:
        raise DnsError(_RCODES.get(code, f"code {code}"))
    found = []
    try:
        offset = _HEADER.size
        for _ in range(questions):
            offset = _after_name(reply, offset) + 4
        for _ in range(answers):
            offset = _after_name(reply, offset)
            kind, _, _, length = struct.unpack_from("!2HIH", reply, offset)
            offset += 10
            if kind == _TYPE_A:
                found.append(socket.inet_ntoa(reply[offset : offset + length]))
            offset += length
    except (IndexError, struct.error, OSError):
        raise DnsError("a garbled reply") from None
    if not found:
        raise DnsError("no address")
    return found


def look_up(name: str, server: str, deadline: float, port: int = PORT) -> str:
    """Return a name's address.

    Args:
        name: A full name; search lists are not applied.
        server: The name server's address.
        deadline: When to give up, on the monotonic clock.
        port: The name server's port.

    Raises:
        DnsError: It could not be looked up.
    """
    query = question(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        try:
            client.connect((server, port))
            while (left := deadline - time.monotonic()) > 0:
                client.send(query)
                client.settimeout(min(left, RESEND_S))
                try:
                    return addresses(query, client.recv(4096))[0]
                except TimeoutError:
                    continue
        except OSError as error:
            raise DnsError(f"name server {server}: {error.strerror or error}") from None
    raise DnsError(f"name server {server}: no reply")


def name_server(file: str = "/etc/resolv.conf") -> str:
    """Return the first name server of resolv.conf.

    Raises:
        DnsError: There is none.
    """
    try:
        with open(file, encoding="utf-8") as opened:  # noqa: PTH123  # importing pathlib takes longer than all the rest
            lines = opened.readlines()
    except OSError as error:
        raise DnsError(f"{file}: {error.strerror}") from None
    for line in lines:
        words = line.split()
        if len(words) > 1 and words[0] == "nameserver":
            return words[1]
    raise DnsError(f"{file}: no name server")


def _after_name(message: bytes, offset: int) -> int:
    while True:
        length = message[offset]
        if length & _POINTER == _POINTER:
            return offset + 2
        offset += 1 + length
        if length == 0:
            return offset
