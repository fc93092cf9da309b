"""Which rule said what of which subject: the picture that several reports draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from harness.policy.model import WORKLOAD_KINDS, Finding, Rule, Subject, SubjectSet, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

Status = Literal["pass", "fail", "waived", "none"]

GROUPS = {
    "PSS": "Pod Security Standards v1.37",
    "WL": "Workloads",
    "NET": "Network",
    "SEC": "Secrets",
    "IMG": "Images",
    "ING": "Ingress",
    "CI": "Workflows",
    "CKV": "Checkov",
    "GATE": "The gate itself",
}


@dataclass(frozen=True)
class Cell:
    """What a rule said of a subject."""

    rule: Rule
    subject: Subject
    status: Status
    findings: tuple[Finding, ...]


def group_of(rule_id: str) -> str:
    """Return the heading under which a rule is shown."""
    prefix = rule_id.partition("-")[0].partition("_")[0]
    return GROUPS["CKV" if prefix.startswith("CKV") else prefix]


def subjects_of(rule: Rule, one: SubjectSet) -> tuple[Subject, ...]:
    """Return what a rule looks at in a set."""
    if not _applies(rule, one):
        return ()
    if rule.judges == "workloads":
        return workloads(one)
    if rule.judges == "objects":
        return tuple(subject for subject in one.of_type("object") if subject.kind not in WORKLOAD_KINDS)
    by_type = {
        "containerfiles": one.of_type("containerfile"),
        "composes": one.of_type("compose"),
        "workflows": one.of_type("workflow"),
    }
    return by_type.get(rule.judges, ())


def workloads(one: SubjectSet) -> tuple[Subject, ...]:
    """Return the objects of a set that have pods."""
    return tuple(subject for subject in one.of_type("object") if subject.kind in WORKLOAD_KINDS)


def cells(verdict: Verdict, one: SubjectSet, rule: Rule) -> Iterator[Cell]:
    """Yield what a rule said of everything in a set that it looks at."""
    for subject in subjects_of(rule, one):
        found = tuple(
            finding for finding in verdict.findings if finding.rule_id == rule.id and finding.subject.id == subject.id
        )
        status: Status = "pass"
        if found:
            status = "waived" if all(finding.waiver for finding in found) else "fail"
        yield Cell(rule, subject, status, found)


def _applies(rule: Rule, one: SubjectSet) -> bool:
    return (one.production or not rule.production) and (not rule.pss or one.level in {"restricted", rule.pss})


def applicable(verdict: Verdict, rule: Rule) -> bool:
    """Tell whether any set is judged by a rule: a control that a stricter one overrides may be silent everywhere."""
    overridden = {id_ for other in verdict.rules.values() for id_ in other.overrides}
    return not (rule.id in overridden and all(one.level == "restricted" for one in verdict.sets))
