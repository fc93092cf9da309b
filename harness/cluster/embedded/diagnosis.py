"""Tells why a cluster does not come up: its box ended, or a component dies over and over."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from harness.cluster.embedded import lifecycle
from harness.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from harness.cluster.embedded.layout import Layout

# A component that stumbles once over another's slow start is none to give up for.
_TOO_OFTEN = 3
_LAST_LINES = 2
_LINE_MOST = 300


def check(layout: Layout) -> None:
    """Return if the cluster runs or may still come up.

    Raises:
        UserError: It will not; the message has the last words of what failed, and where all of them are.
    """
    reason = broken(layout)
    if reason is not None:
        raise UserError(f"cluster {layout.name}: {reason}")


def broken(layout: Layout) -> str | None:
    """Return why the cluster will not come up, on one line, or none if nothing says so."""
    if not lifecycle.is_running(layout):
        return f"its supervisor ended: {last_words(layout.logs / 'supervisor.log')}"
    for name, component in components(layout).items():
        if component["failures"] >= _TOO_OFTEN:
            said = last_words(layout.logs / f"{name}.log")
            return f"{name} ended {component['failures']} times, last with {component['last_exit']}: {said}"
    return None


def components(layout: Layout) -> dict[str, dict[str, Any]]:
    """Return what the supervisor says of its components, by name; nothing where it has not said anything yet."""
    try:
        return dict(json.loads(layout.status.read_text())["components"])
    except FileNotFoundError:
        return {}


def last_words(log: Path) -> str:
    """Return the last lines of a log and its path, on one line."""
    try:
        lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    except FileNotFoundError:
        return f"it said nothing ({log} is not there)"
    tail = " | ".join(line[:_LINE_MOST] for line in lines[-_LAST_LINES:]) or "it said nothing"
    return f"{tail} (all of it: {log})"
