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
# Linux sends a lost SYN again after one second: a deadline beyond that lets one loss pass unnoticed.
DEFAULT_TIMEOUT_S = 1.3
MAX_TIMEOUT_S = 60.0


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
    return _targets(entries)


def read_request(text: str) -> tuple[list[Target], float]:
    """Read targets with the time that each may take, in seconds.

    Raises:
        InputError: It is no such request.
    """
    try:
        request = json.loads(text)
    except ValueError as error:
        raise InputError(f"expected a JSON object with targets, found {error}") from None
    if not isinstance(request, dict) or request.keys() - {"targets", "timeout_s"}:
        raise InputError("expected a JSON object with targets and timeout_s and nothing else")
    timeout_s = request.get("timeout_s", DEFAULT_TIMEOUT_S)
    if isinstance(timeout_s, bool) or not isinstance(timeout_s, (int, float)) or not 0 < timeout_s <= MAX_TIMEOUT_S:
        raise InputError(f"timeout_s: expected seconds up to {MAX_TIMEOUT_S:g}, found {timeout_s!r}")
    return _targets(request.get("targets")), float(timeout_s)


def _targets(entries: Any) -> list[Target]:
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


def write_error(message: str) -> str:
    """Return why a request was not tried, as one line of JSON."""
    return json.dumps({"error": message})
