"""The Markdown summary."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.policy.reports.markdown import markdown

if TYPE_CHECKING:
    from harness.policy.measured import Measured
    from harness.policy.model import Verdict


def test_the_verdict_comes_first(verdict: Verdict, measured: Measured) -> None:
    """Counts, figures, findings and waivers follow."""
    lines = markdown(verdict, measured).splitlines()
    assert lines[0] == "## Policy gate: failed"
    assert lines[2].startswith("4 subjects (3 objects with 3 pods and 3 containers, 1 Containerfiles")
    assert "- conformance: 1480 of 1480 official fixtures" in lines
    assert any("mutation: not measured" in line for line in lines)
    assert "- w.yaml:1: the waiver covers nothing any more; remove it" in lines


def test_a_bar_in_a_text_does_not_break_the_table(verdict: Verdict, measured: Measured) -> None:
    """Each row has as many cells as the heading."""
    rows = [line for line in markdown(verdict, measured).splitlines() if line.startswith("| critical")]
    assert len(rows) == 1
    assert rows[0].replace("\\|", "").count("|") == 6
    assert "`manifests/a file.yaml:7`" in rows[0]
