"""The JUnit report."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from harness.policy.reports.junit import junit

if TYPE_CHECKING:
    from harness.policy.model import Verdict


def parsed(verdict: Verdict) -> ET.Element:
    """Return the report read back."""
    return ET.fromstring(junit(verdict))  # noqa: S314  # our own output


def test_one_case_a_rule_and_set(verdict: Verdict) -> None:
    """Each rule that judges something is a case; one that a stricter rule overrides is none."""
    suite, _ = parsed(verdict)
    names = [case.get("name", "").split()[0] for case in suite]
    assert names == ["CKV_K8S_16", "GATE-PARSE", "IMG-USER", "PSS-PRIVILEGED", "PSS-VOLUME-TYPES"]
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("5", "1", "0")


def test_a_failure_names_file_and_line(verdict: Verdict) -> None:
    """Waived findings are not in it."""
    failure = parsed(verdict).find("testsuite/testcase/failure")
    assert failure is not None
    assert failure.text == "manifests/a file.yaml:7: Pod/open [app]: <open> must | not"


def test_a_rule_with_waived_findings_alone_is_skipped(verdict: Verdict) -> None:
    """The reason is there."""
    verdict = type(verdict)(**{**vars(verdict), "findings": verdict.waived})
    suite = parsed(verdict)[0]
    skipped = suite.find("testcase/skipped")
    assert skipped is not None
    assert skipped.get("message") == "waived: Because <b>."


def test_waivers_are_cases(verdict: Verdict) -> None:
    """One that nothing needs is a failure."""
    waivers = parsed(verdict)[-1]
    assert waivers.get("failures") == "1"
