"""Both engines, the waivers and what could not be read, put together into one verdict."""

from __future__ import annotations

import concurrent.futures
import time
from typing import TYPE_CHECKING, TypeVar

from harness.errors import UserError
from harness.policy import checkov, rego, waivers
from harness.policy.model import SEVERITIES, Finding, Rule, Subject, SubjectSet, Verdict, Waiver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

_T = TypeVar("_T")
ENGINES = ("rego", "checkov")
_DOC = "docs/policy.md"
GATE_RULES = {
    rule.id: rule
    for rule in (
        Rule(
            id="GATE-PARSE",
            engine="gate",
            title="A file that can be read",
            severity="critical",
            description="What cannot be parsed, or is no Kubernetes object, cannot be judged, nor waived.",
            remedy="Mend the file, or judge a narrower path.",
            link=_DOC,
            file="harness/policy/subjects.py",
        ),
        Rule(
            id="GATE-KIND",
            engine="gate",
            title="A kind that the gate knows",
            severity="high",
            description="Nobody has looked whether this kind carries pods, secrets or rights.",
            remedy="Look, then add it to policies/kinds.yaml; a kind with pods goes into policies/lib/pods.rego too.",
            link=_DOC,
            file="policies/kinds.yaml",
        ),
    )
}


def judge(
    sets: Sequence[SubjectSet],
    *,
    engines: Iterable[str] = ENGINES,
    exceptions: Sequence[Waiver] = (),
    today: date,
) -> Verdict:
    """Judge sets.

    Args:
        sets: What to judge.
        engines: "rego", "checkov", or both.
        exceptions: The waivers.
        today: The day on which waivers must not have expired.

    Raises:
        UserError: There is nothing to judge.
        EngineError: An engine failed or judged less than it was given.
    """
    wanted = tuple(engines)
    if not any(one.subjects or one.problems for one in sets):
        raise UserError(
            f"{', '.join(one.name for one in sets) or 'nothing'}: expected something to judge, found no document; "
            "a gate that judges nothing must not pass"
        )
    subjects = {subject.id: (one, subject) for one in sets for subject in one.subjects}
    with concurrent.futures.ThreadPoolExecutor(len(ENGINES)) as pool:
        by_rego = pool.submit(_timed, rego.evaluate, sets)
        by_checkov = pool.submit(_timed, checkov.evaluate, sets) if "checkov" in wanted else None
        first, rego_s = by_rego.result()
        second, checkov_s = by_checkov.result() if by_checkov else (None, 0.0)

    rules: dict[str, Rule] = {**GATE_RULES, **(first.rules if "rego" in wanted else {})}
    findings = [problem for one in sets for problem in one.problems]
    seconds: dict[str, float] = {}
    if "rego" in wanted:
        findings += _findings(first.findings, "rego", subjects)
        seconds["rego"] = rego_s
    if second is not None:
        rules |= second.rules
        findings += _findings(second.findings, "checkov", subjects)
        seconds["checkov"] = checkov_s
    marked, problems = waivers.apply(exceptions, sorted(findings, key=lambda each: _order(each, rules)), rules, today)
    return Verdict(
        sets=tuple(sets),
        rules=rules,
        findings=marked,
        waiver_problems=problems,
        waivers=tuple(exceptions),
        counts=first.counts,
        seconds=seconds,
    )


def _timed(work: Callable[[Sequence[SubjectSet]], _T], sets: Sequence[SubjectSet]) -> tuple[_T, float]:
    start = time.monotonic()
    return work(sets), time.monotonic() - start


def _findings(
    raw: Iterable[rego.RawFinding], engine: str, subjects: Mapping[int, tuple[SubjectSet, Subject]]
) -> list[Finding]:
    findings = []
    for found in raw:
        one, subject = subjects[found.subject_id]
        findings.append(
            Finding(
                rule_id=found.rule_id,
                engine="rego" if engine == "rego" else "checkov",
                set_name=one.name,
                subject=subject,
                container=found.container,
                field=found.field,
                message=found.message,
                place=subject.place(found.field),
            )
        )
    return findings


def _order(finding: Finding, rules: Mapping[str, Rule]) -> tuple[int, str, str, str, str]:
    severity = rules[finding.rule_id].severity
    return SEVERITIES.index(severity), finding.rule_id, finding.set_name, str(finding.subject), finding.message
