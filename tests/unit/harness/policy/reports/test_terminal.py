"""The terminal report."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from harness.policy.reports.terminal import show

if TYPE_CHECKING:
    from harness.policy.measured import Measured
    from harness.policy.model import Verdict


def said(verdict: Verdict, measured: Measured) -> str:
    """Return what the terminal shows."""
    console = Console(width=100, record=True, soft_wrap=True, file=io.StringIO())
    show(verdict, measured, console)
    return console.export_text()


def test_a_finding_has_place_subject_and_remedy(verdict: Verdict, measured: Measured) -> None:
    """Waived ones are only counted."""
    text = said(verdict, measured)
    assert "critical PSS-PRIVILEGED No privileged | container" in text
    assert "manifests/a file.yaml:7: Pod/open [app]: <open> must | not" in text
    assert "Pod/waived" not in text
    assert "How." in text


def test_what_was_judged_is_counted(verdict: Verdict, measured: Measured) -> None:
    """Objects and rules are in the last line, after the verdict."""
    last = said(verdict, measured).strip().splitlines()[-1]
    assert last == "failed 4 subjects, 3 pods, 3 containers, 6 rules: 1 findings, 1 waived, 1 waivers to mend"


def test_a_clean_verdict_passes(verdict: Verdict, measured: Measured) -> None:
    """Nothing open, nothing to mend."""
    clean = type(verdict)(**{**vars(verdict), "findings": (), "waiver_problems": ()})
    assert said(clean, measured).strip().splitlines()[-1].startswith("passed 4 subjects")
