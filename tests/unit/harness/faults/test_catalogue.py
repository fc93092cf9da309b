"""The catalogue of faults: each breaks what is there, and every cluster test is named by one."""

from __future__ import annotations

import ast
import shutil
from typing import TYPE_CHECKING

import pytest

from harness import paths
from harness.errors import UserError
from harness.faults import catalogue
from harness.faults.catalogue import Fault

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = """
[[fault]]
id = "one"
breaks = "it holds"
file = "a.txt"
old = "old"
new = "new"
caught_by = "tests/test_a.py::test_a"
"""
# Whose tests have to be named; those of tests/network and tests/security have mutants of their own kind.
GUARDED = ("e2e", "chaos")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A catalogue with one fault."""
    path = tmp_path / "faults.toml"
    path.write_text(ENTRY)
    return path


def fault(**changed: object) -> Fault:
    """Return a fault like the one of `ENTRY`."""
    plain = {"id": "one", "breaks": "it holds", "file": "a.txt", "old": "old", "new": "new", "caught_by": "t"}
    return Fault(**{**plain, **changed})  # type: ignore[arg-type]


def test_load(file: Path) -> None:
    """A table is a fault; one is fresh or spoils only where it says so."""
    file.write_text(f"{ENTRY}{ENTRY.replace('one', 'two')}fresh = true\nspoils = true\n")
    one, two = catalogue.load(file)
    assert one == fault(caught_by="tests/test_a.py::test_a")
    assert (two.id, two.fresh, two.spoils) == ("two", True, True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no fault in it"),
        ("[[fault]", "faults.toml: Expected"),
        (ENTRY + ENTRY, "more than one fault is called one"),
        (ENTRY.replace('old = "old"\n', ""), r"fault 1 \(one\): lacks old"),
        (ENTRY + "why = 1\n", r"fault 1 \(one\): has unknown keys: why"),
        (ENTRY.replace('"new"', '"old"'), r"fault 1 \(one\): `old` and `new` are the same"),
    ],
)
def test_mistake(file: Path, text: str, said: str) -> None:
    """A mistake is one line that names the place."""
    file.write_text(text)
    with pytest.raises(UserError, match=said):
        catalogue.load(file)


def test_apply(tmp_path: Path) -> None:
    """The text is replaced, nothing else is, and afterwards it is as it was."""
    (tmp_path / "a.txt").write_text("an old hat\n")
    with fault().applied(tmp_path):
        assert (tmp_path / "a.txt").read_text() == "an new hat\n"
    assert (tmp_path / "a.txt").read_text() == "an old hat\n"


@pytest.mark.parametrize(
    ("content", "said"), [("older, old", "found it 2 times"), ("none", "found it 0 times"), (None, "there is no a.txt")]
)
def test_apply_to_what_is_not_there(tmp_path: Path, content: str | None, said: str) -> None:
    """A fault that does not hit exactly one place is refused, and breaks nothing."""
    if content is not None:
        (tmp_path / "a.txt").write_text(content)
    with pytest.raises(UserError, match=f"tests/faults.toml: one: .*{said}"), fault().applied(tmp_path):
        pass
    assert content is None or (tmp_path / "a.txt").read_text() == content


@pytest.mark.parametrize("each", catalogue.load(), ids=lambda each: each.id)
def test_ours_fits_the_source(each: Fault, tmp_path: Path) -> None:
    """Each of our faults breaks the source as it is now, and Python stays Python."""
    target = tmp_path / each.file
    target.parent.mkdir(parents=True)
    shutil.copy2(paths.ROOT / each.file, target)
    with each.applied(tmp_path):
        if target.suffix == ".py":
            ast.parse(target.read_text())


def test_every_cluster_test_is_named() -> None:
    """Each test of tests/e2e and tests/chaos is seen to fail by some fault, and none is named that is not there."""
    there = {
        f"tests/{folder}/{file.name}::{node.name}"
        for folder in GUARDED
        for file in (paths.ROOT / "tests" / folder).glob("test_*.py")
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }
    named = {each.caught_by.partition("[")[0] for each in catalogue.load()}
    assert there == named
