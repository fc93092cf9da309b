"""Reads tests/faults.toml: which change of the source which test has to notice."""

from __future__ import annotations

import contextlib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import paths
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CATALOGUE = paths.ROOT / "tests" / "faults.toml"
_TEXTS = frozenset({"id", "breaks", "file", "old", "new", "caught_by"})
_FLAGS = frozenset({"fresh", "spoils"})


@dataclass(frozen=True)
class Fault:
    """One change of the source.

    Attributes:
        id: Its name.
        breaks: What no longer holds, for the report.
        file: The file to change, from the project's root.
        old: Text that the file has exactly once.
        new: What stands there instead.
        caught_by: The id of the test that has to fail, as pytest takes it.
        fresh: Whether it needs a new cluster: for changes that a running one does not take, a database's schema say.
        spoils: Whether the cluster is of no use for other faults afterwards.
    """

    id: str
    breaks: str
    file: str
    old: str
    new: str
    caught_by: str
    fresh: bool = False
    spoils: bool = False

    @contextlib.contextmanager
    def applied(self, root: Path) -> Iterator[None]:
        """Have the file below `root` changed for as long as the block runs.

        Raises:
            UserError: The file is not there, or has not the text exactly once: what breaks nothing proves nothing.
        """
        path = root / self.file
        try:
            source = path.read_text()
        except FileNotFoundError:
            raise UserError(f"tests/faults.toml: {self.id}: there is no {self.file}") from None
        found = source.count(self.old)
        if found != 1:
            raise UserError(
                f"tests/faults.toml: {self.id}: expected its `old` once in {self.file}, found it {found} times; "
                "the source has moved on, so should the fault"
            )
        path.write_text(source.replace(self.old, self.new))
        try:
            yield
        finally:
            path.write_text(source)


def load(path: Path = CATALOGUE) -> list[Fault]:
    """Read the catalogue.

    Raises:
        UserError: It does not parse, has no fault, has one twice, or one lacks a key, has an unknown one, or
            changes nothing.
    """
    try:
        tables = tomllib.loads(path.read_text()).get("fault", [])
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: {error}") from None
    faults = [_fault(path, number, table) for number, table in enumerate(tables, 1)]
    if not faults:
        raise UserError(f"{path}: no fault in it; a catalogue that breaks nothing proves nothing")
    ids = [fault.id for fault in faults]
    if twice := sorted({name for name in ids if ids.count(name) > 1}):
        raise UserError(f"{path}: more than one fault is called {', '.join(twice)}")
    return faults


def _fault(path: Path, number: int, table: dict[str, Any]) -> Fault:
    place = f"{path}: fault {number} ({table.get('id', 'without an id')})"
    if lacking := sorted(_TEXTS - table.keys()):
        raise UserError(f"{place}: lacks {', '.join(lacking)}")
    if unknown := sorted(table.keys() - _TEXTS - _FLAGS):
        raise UserError(f"{place}: has unknown keys: {', '.join(unknown)}")
    if table["old"] == table["new"]:
        raise UserError(f"{place}: `old` and `new` are the same")
    return Fault(**table)
