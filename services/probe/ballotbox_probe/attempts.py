"""Tries all targets at once, each with its own deadline."""

from __future__ import annotations

import errno
import socket
import threading
import time
from typing import TYPE_CHECKING

from ballotbox_probe import dns
from ballotbox_probe.targets import DEFAULT_TIMEOUT_S, Answer, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

GREETING = b"ballotbox-probe"
_THREAD_STACK_BYTES = 256 * 1024


def attempt_all(targets: Sequence[Target], timeout_s: float = DEFAULT_TIMEOUT_S) -> list[Answer]:
    """Try every target at the same time; the answers come in the targets' order."""
    answers: list[Answer | None] = [None] * len(targets)

    def work(index: int, target: Target) -> None:
        answers[index] = attempt(target, timeout_s)

    threading.stack_size(_THREAD_STACK_BYTES)
    threads = [threading.Thread(target=work, args=pair, daemon=True) for pair in enumerate(targets)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [
        answer or Answer(target.id, "invalid", 0.0, "the attempt ended without an answer")
        for target, answer in zip(targets, answers, strict=True)
    ]


def attempt(target: Target, timeout_s: float = DEFAULT_TIMEOUT_S) -> Answer:
    """Try one target."""
    start = time.monotonic()
    try:
        host = _address(target.host, start + timeout_s)
    except dns.DnsError as error:
        return Answer(target.id, "dns-failure", _ms(start), str(error))
    connected = time.monotonic()
    try:
        detail = (_tcp if target.protocol == "TCP" else _udp)(target, host, connected + timeout_s)
    except TimeoutError:
        return Answer(target.id, "timeout", _ms(connected))
    except ConnectionRefusedError:
        return Answer(target.id, "refused", _ms(connected))
    except OSError as error:
        name = errno.errorcode.get(error.errno or 0, "")
        return Answer(target.id, "invalid", _ms(connected), f"{error.strerror or error} {name}".strip())
    return Answer(target.id, "open", _ms(connected), detail)


def _address(host: str, deadline: float) -> str:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return host
    return dns.look_up(host, dns.name_server(), deadline)


def _tcp(target: Target, host: str, deadline: float) -> str:
    with socket.create_connection((host, target.port), timeout=max(0.001, deadline - time.monotonic())):
        return ""


def _udp(target: Target, host: str, deadline: float) -> str:
    payload = dns.question(target.query) if target.query else GREETING
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.connect((host, target.port))
        while (left := deadline - time.monotonic()) > 0:
            client.send(payload)
            client.settimeout(min(left, dns.RESEND_S))
            try:
                reply = client.recv(4096)
            except TimeoutError:
                continue
            return _said(target, payload, reply)
    raise TimeoutError


def _said(target: Target, payload: bytes, reply: bytes) -> str:
    if not target.query:
        return ""
    try:
        return f"{target.query} is {', '.join(dns.addresses(payload, reply))}"
    except dns.DnsError as error:
        return f"{target.query}: {error}"


def _ms(start: float) -> float:
    return round((time.monotonic() - start) * 1000, 1)
