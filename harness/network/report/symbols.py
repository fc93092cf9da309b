"""The symbol and the words of each state of a cell, the same in every report; each reads without colour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.network.compare import Status

if TYPE_CHECKING:
    from harness.network.compare import Outcome


@dataclass(frozen=True)
class Symbol:
    """How a state is shown: its name, one character, words, and the terminal's style."""

    name: str
    character: str
    words: str
    style: str


OPEN = Symbol("open", "●", "passes, as it should", "green")
REFUSED = Symbol("refused", "○", "reached, and nobody listens, as it should", "cyan")
BLOCKED = Symbol("blocked", "■", "blocked, as it should", "blue")
WITHIN = Symbol("within", "◦", "a pod and itself", "dim")
CONTROL = Symbol("control", "+", "a control: no end of it is ours", "dim")
DISAGREED = Symbol("disagreed", "✗", "intent, policies and probe disagree", "bold red")
INVALID = Symbol("invalid", "?", "what was seen proves nothing", "bold yellow")
SYMBOLS = (OPEN, REFUSED, BLOCKED, WITHIN, CONTROL, DISAGREED, INVALID)


def symbol(outcome: Outcome) -> Symbol:
    """Return the symbol of a cell; one that was not tried is shown as what intent and policies agree on."""
    if outcome.status is Status.DISAGREED:
        return DISAGREED
    if outcome.status is Status.INVALID:
        return INVALID
    if outcome.cell.within:
        return WITHIN
    if not outcome.cell.governed:
        return CONTROL
    if not outcome.cell.passes:
        return BLOCKED
    return OPEN if outcome.cell.target.listening else REFUSED
