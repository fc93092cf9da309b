"""The figures that the rules were measured at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.policy import measured
from harness.policy.measured import Figure

if TYPE_CHECKING:
    from pathlib import Path


def figure(name: str, good: int, digest: str) -> Figure:
    """Return a figure."""
    return Figure(name, good, 10, "things", digest)


def test_a_figure_is_kept_and_replaced(tmp_path: Path) -> None:
    """Of each name there is one."""
    now = measured.digest()
    for one in (figure("conformance", 8, now), figure("mutation", 9, now), figure("conformance", 10, now)):
        measured.keep(tmp_path, one)
    assert [(one.name, one.good) for one in measured.read(tmp_path).figures] == [("mutation", 9), ("conformance", 10)]


def test_a_figure_of_other_rules_is_not_shown(tmp_path: Path) -> None:
    """What was measured before the rules changed says nothing of them; how to measure again is said instead."""
    measured.keep(tmp_path, figure("conformance", 10, "of old"))
    read = measured.read(tmp_path)
    assert read.figures == ()
    assert read.lines()[0].startswith("conformance: not measured since the rules changed")


def test_the_digest_follows_the_rules(tmp_path: Path) -> None:
    """Any change of a rule changes it; a change of a test does not."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.rego").write_text("package a")
    before = measured.digest(tmp_path)
    (tmp_path / "lib" / "a_test.rego").write_text("package a_test")
    assert measured.digest(tmp_path) == before
    (tmp_path / "lib" / "a.rego").write_text("package b")
    assert measured.digest(tmp_path) != before
