"""What to try, read from JSON, and what was seen, written as JSON.

The probe is started once for each source of a run, on machines of two cores: it imports nothing that costs more than it
gives. So named tuples, not dataclasses, which would double the time that starting takes.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

PROTOCOLS = ("TCP", "UDP")
VERDICTS = ("open", "timeout", "refused", "dns-failure", "invalid")
MAX_PORT = 65535


class InputError(ValueError):
    """The input is not what the program takes; the message is one line."""


class Target(NamedTuple):
    """One port to try.

    Attributes:
        id: Comes back with the answer.
        host: An address, or a name that is looked up first.
        port: The port.
        protocol: TCP or UDP.
        query: For a DNS server over UDP, the name to ask for; other UDP targets get a few bytes and should echo them.
    """

    id: str
    host: str
    port: int
    protocol: str = "TCP"
    query: str = ""


class Answer(NamedTuple):
    """What was seen of a target: one of VERDICTS, how long it took, and details for people."""

    id: str
    verdict: str
    ms: float
    detail: str = ""


def read_targets(text: str) -> list[Target]:
    """Read a JSON list of targets.

    Raises:
        InputError: It is no such list.
    """
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise InputError(f"expected a JSON list of targets, found {error}") from None
    if not isinstance(entries, list):
        raise InputError(f"expected a JSON list of targets, found {type(entries).__name__}")
    return [_target(index, entry) for index, entry in enumerate(entries)]


def _target(index: int, entry: Any) -> Target:
    if not isinstance(entry, dict):
        raise InputError(f"target {index}: expected an object, found {entry!r}")
    unknown = entry.keys() - {"id", "host", "port", "protocol", "query"}
    if unknown:
        raise InputError(
            f"target {index}: expected id, host, port, protocol and query, found {', '.join(sorted(unknown))}"
        )
    host, port, protocol = entry.get("host"), entry.get("port"), entry.get("protocol", "TCP")
    if not isinstance(host, str) or not host:
        raise InputError(f"target {index}: expected a host, found {host!r}")
    if not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= MAX_PORT:
        raise InputError(f"target {index}: expected a port from 1 to {MAX_PORT}, found {port!r}")
    if protocol not in PROTOCOLS:
        raise InputError(f"target {index}: expected the protocol TCP or UDP, found {protocol!r}")
    return Target(str(entry.get("id", index)), host, port, protocol, str(entry.get("query", "")))


def write_answers(answers: list[Answer]) -> str:
    """Return the answers as one line of JSON."""
    return json.dumps({"answers": [answer._asdict() for answer in answers]})
