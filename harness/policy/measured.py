"""What the rules themselves were last measured at: conformance and mutation, kept with the digest of the rules."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from harness.policy.rego import rule_files
from harness.policy.subjects import POLICIES

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "measured.json"


@dataclass(frozen=True)
class Figure:
    """One measurement: how many of how many, of what, and with which rules."""

    name: str
    good: int
    total: int
    of: str
    digest: str

    def line(self) -> str:
        """Return the figure as one line."""
        return f"{self.name}: {self.good} of {self.total} {self.of}"


@dataclass(frozen=True)
class Measured:
    """The figures that are true of the rules as they are now."""

    figures: tuple[Figure, ...]

    def lines(self) -> list[str]:
        """Return each figure as a line, or how to get one."""
        names = {figure.name for figure in self.figures}
        commands = {"conformance": "policy-conformance", "mutation": "policy-mutation"}
        missing = [
            f"{name}: not measured since the rules changed; `python -m harness {command}` does"
            for name, command in commands.items()
            if name not in names
        ]
        return [*(figure.line() for figure in self.figures), *missing]


def digest(policies: Path = POLICIES) -> str:
    """Return the hash of everything that judges."""
    state = hashlib.sha256()
    for file in rule_files(policies):
        state.update(f"\0{file.relative_to(policies)}\0".encode() + file.read_bytes())
    return state.hexdigest()


def read(folder: Path) -> Measured:
    """Return the figures kept in a report folder, those of other rules left out."""
    file = folder / _FILE
    if not file.is_file():
        return Measured(())
    now = digest()
    figures = (Figure(**figure) for figure in json.loads(file.read_text()))
    return Measured(tuple(figure for figure in figures if figure.digest == now))


def keep(folder: Path, figure: Figure) -> None:
    """Put a figure into a report folder, in the place of an older one of the same name."""
    others = [other for other in read(folder).figures if other.name != figure.name]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _FILE).write_text(json.dumps([asdict(each) for each in (*others, figure)], indent=1) + "\n")
