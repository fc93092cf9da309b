"""JUnit XML: one case for each rule in each set that it judges."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET  # written only; nothing of a stranger's is parsed

from harness.policy.reports.matrix import applicable, subjects_of

if TYPE_CHECKING:
    from harness.policy.model import Verdict


def junit(verdict: Verdict) -> str:
    """Return the verdict as JUnit XML; a rule with waived findings alone is a skipped case with the reasons."""
    root = ET.Element("testsuites", name="policy")
    for one in verdict.sets:
        suite = ET.SubElement(root, "testsuite", name=one.name)
        here = [finding for finding in verdict.findings if finding.set_name == one.name]
        for rule in verdict.rules.values():
            found = [finding for finding in here if finding.rule_id == rule.id]
            judged = rule.engine == "gate" or (rule.engine == "checkov" and one.subjects) or subjects_of(rule, one)
            if not found and not (judged and applicable(verdict, rule)):
                continue
            case = ET.SubElement(suite, "testcase", classname=f"policy.{one.name}", name=f"{rule.id} {rule.title}")
            unwaived = [finding for finding in found if finding.waiver is None]
            if unwaived:
                failure = ET.SubElement(
                    case, "failure", message=f"{len(unwaived)} findings; {rule.remedy}", type=rule.severity
                )
                failure.text = "\n".join(f"{each.place}: {each.where()}: {each.message}" for each in unwaived)
            elif found:
                reasons = "; ".join(sorted({finding.waiver.reason for finding in found if finding.waiver}))
                ET.SubElement(case, "skipped", message=f"waived: {reasons}")
        _count(suite)
    waivers = ET.SubElement(root, "testsuite", name="waivers")
    for waiver in verdict.waivers:
        case = ET.SubElement(
            waivers, "testcase", classname="policy.waivers", name=f"{waiver.place} {', '.join(waiver.rules)}"
        )
        problems = [problem for problem in verdict.waiver_problems if problem.startswith(f"{waiver.place}:")]
        if problems:
            ET.SubElement(case, "failure", message="; ".join(problems), type="waiver")
    _count(waivers)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(len(suite.findall("testcase/failure"))))
    suite.set("skipped", str(len(suite.findall("testcase/skipped"))))
    suite.set("errors", "0")
