"""JUnit XML: one case a flow, and one each for the universal check, every mutant and every live mutant.

The form: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from harness.network.compare import Status

if TYPE_CHECKING:
    from harness.network.compare import Outcome
    from harness.network.result import Run


def junit(run: Run) -> str:
    """Return a run as JUnit XML."""
    suites = ET.Element("testsuites", name="network")
    flows = _suite(suites, "flows")
    for outcome in run.outcomes:
        _flow(flows, outcome, tried=run.probing_s is not None)
    proved = _suite(suites, "universal")
    case = ET.SubElement(
        proved, "testcase", classname="network.universal", name="the intent holds for every possible pod"
    )
    for example in run.proof.counterexamples:
        ET.SubElement(case, "failure", message=str(example))
    killed = _suite(suites, "mutation")
    for fate in run.score.fates:
        case = ET.SubElement(
            killed, "testcase", classname=f"network.mutation.{fate.mutant.original.key}", name=str(fate.mutant)
        )
        if fate.equivalent:
            ET.SubElement(case, "skipped", message=f"equivalent: {fate.evidence}")
        elif fate.survived:
            ET.SubElement(case, "failure", message=fate.evidence)
    live = _suite(suites, "live-mutation")
    for live_fate in run.live:
        case = ET.SubElement(live, "testcase", classname="network.live", name=str(live_fate.mutant))
        if live_fate.noticed_s is None:
            ET.SubElement(case, "failure", message=live_fate.seen)
    for suite in suites:
        _count(suite)
    _count(suites)
    ET.indent(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(suites, encoding="unicode") + "\n"


def _suite(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, "testsuite", name=f"network.{name}")


def _flow(suite: ET.Element, outcome: Outcome, *, tried: bool) -> None:
    cell = outcome.cell
    case = ET.SubElement(suite, "testcase", classname=f"network.flows.{cell.source}", name=cell.id)
    if outcome.answer is not None:
        case.set("time", f"{outcome.answer.ms / 1000:.4f}")
    if outcome.status is Status.DISAGREED:
        ET.SubElement(case, "failure", message=outcome.message)
    elif outcome.status is Status.INVALID:
        ET.SubElement(case, "error", message=outcome.message)
    elif tried and outcome.status is Status.UNTRIED:
        ET.SubElement(case, "skipped", message="not tried")


def _count(element: ET.Element) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(key, str(sum(case.find(tag) is not None for case in element.iter("testcase"))))
