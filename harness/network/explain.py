"""Says why one flow passes or not: the intent's entry, each side's policies, and the lines themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.network.evaluator import Evaluator
from harness.network.intent import PortSpec, port_spec
from harness.network.matrix import actors
from harness.network.model import Flow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.located import Place
    from harness.network.declared import Declared
    from harness.network.evaluator import Ruling
    from harness.network.intent import Intent
    from harness.network.matrix import Actor

_EXCERPT_LINES = 12


def explain_flow(intent: Intent, declared: Declared, source: str, destination: str, port: str, *, root: Path) -> str:
    """Return the explanation as text.

    Args:
        intent: The table.
        declared: The rendered overlay.
        source: An endpoint's name.
        destination: An endpoint's name.
        port: A port, with its protocol unless that is TCP.
        root: Where the files that are named stand.

    Raises:
        UserError: There is no such endpoint or port.
    """
    known = actors(intent, declared)
    wanted = port_spec(port) or port_spec(f"{port}/TCP")
    if wanted is None:
        raise UserError(f"explain: expected a port such as 5432 or 53/UDP, found {port!r}")
    start, end = _actor(known, source), _actor(known, destination)
    last = (end.second if start is end else None) or end.first
    flow = Flow(start.first, last, wanted.port, wanted.protocol)
    verdict = Evaluator(declared.policies).verdict(flow)
    entry = intent.entry(flow.source, flow.destination, flow.port, flow.protocol)
    return "\n".join(
        [
            f"{source} -> {destination} {wanted}: {'allowed' if verdict.allowed else 'blocked'}",
            _intended(intent, flow, entry is not None, f"{entry.reason} ({entry.place})" if entry else ""),
            *_side(verdict.egress, root),
            *_side(verdict.ingress, root),
            *_listening(end, wanted),
        ]
    )


def _actor(known: Mapping[str, Actor], name: str) -> Actor:
    if name not in known:
        raise UserError(f"explain: expected one of the endpoints {', '.join(known)}, found {name!r}")
    return known[name]


def _intended(intent: Intent, flow: Flow, allows: bool, reason: str) -> str:
    if allows:
        return f"intent: should pass: {reason}"
    if flow.source is flow.destination:
        return "intent: a pod and itself: no policy is asked"
    if not (intent.governs(flow.source) or intent.governs(flow.destination)):
        return f"intent: no end of it is ours; {intent.file} speaks of {', '.join(intent.governed)}"
    return f"intent: should be blocked: no entry of {intent.file} allows it"


def _side(ruling: Ruling, root: Path) -> list[str]:
    return [str(ruling), *(line for place in ruling.places for line in _excerpt(place, root))]


def _excerpt(place: Place, root: Path) -> list[str]:
    """Return the block of YAML that begins at a place: the lines below it that are indented deeper."""
    file = root / place.file
    if not file.is_file():
        return []
    lines = file.read_text().splitlines()[place.line - 1 :]
    indent = len(lines[0]) - len(lines[0].lstrip())
    taken = [lines[0]]
    for line in lines[1:]:
        deeper = len(line) - len(line.lstrip()) > indent
        if line == "---" or not (deeper or (indent == 0 and line.strip())):
            break
        taken.append(line)
    shown = [f"    {place.line + index:>4} | {line}" for index, line in enumerate(taken[:_EXCERPT_LINES])]
    return [f"  {place.file}", *shown, *(["         …"] if len(taken) > _EXCERPT_LINES else [])]


def _listening(end: Actor, port: PortSpec) -> list[str]:
    if not end.spec.listens or port in end.spec.listens:
        return []
    return [
        f"note: nothing is declared to listen there; {end.spec.name} listens on {', '.join(map(str, end.spec.listens))}"
    ]
