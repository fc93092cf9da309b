"""Compares the gate with the official evaluator, control by control, and makes a disagreement as small as it gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.located import Place
from harness.policy import evaluator, rego
from harness.policy.model import Subject, SubjectSet

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LEVELS = ("baseline", "restricted")
_BATCH = 250
# The controls; and the rule that refuses what cannot be read where no control looks at it alone (os, hostUsers).
_RULES = ("pss/*", "workload/shape")
_SHAPE = "WL-SHAPE"


@dataclass(frozen=True)
class Disagreement:
    """A pod that the gate and the official evaluator judge differently."""

    pod: Mapping[str, Any]
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """What a comparison saw: how many pods of which sort, so that nobody takes 500 unreadable pods for evidence.

    Attributes:
        pods: All of them.
        unreadable: Those that the API server could not decode.
        admitted: For each level, those that the official evaluator admits.
        checks: For each official check, how many pods it refused.
        disagreements: What must be empty.
    """

    pods: int
    unreadable: int
    admitted: Mapping[str, int]
    checks: Mapping[str, int]
    disagreements: tuple[Disagreement, ...]


def compare(pods: Sequence[Mapping[str, Any]]) -> Comparison:
    """Judge pods by both, at both levels."""
    answers = evaluator.ask(pods)
    disagreements = []
    admitted = dict.fromkeys(LEVELS, 0)
    checks: dict[str, int] = {}
    for pod, answer, ours in zip(pods, answers, _gate(pods), strict=True):
        lines: list[str] = []
        for level in LEVELS:
            lines += _differences(level, ours[level], answer)
            if not answer.decode_error and not answer.refused[level]:
                admitted[level] += 1
        for check in answer.refused.get("baseline", frozenset()) | answer.refused.get("restricted", frozenset()):
            checks[check] = checks.get(check, 0) + 1
        if lines:
            disagreements.append(Disagreement(pod, tuple(lines)))
    unreadable = sum(bool(answer.decode_error) for answer in answers)
    return Comparison(len(pods), unreadable, admitted, checks, tuple(disagreements))


def _differences(level: str, ours: frozenset[str], answer: evaluator.Answer) -> Iterator[str]:
    if answer.decode_error:
        # The API server refuses what it cannot read, whatever the level. At restricted every field of these pods is
        # read by a control or by WL-SHAPE, so the gate must refuse too; baseline controls leave many fields alone.
        if not ours and level == "restricted":
            yield f"{level}: the API server cannot read the pod ({answer.decode_error}); the gate allows it"
        return
    theirs, ours = answer.refused[level], ours - {_SHAPE}
    if answer.strict_error and theirs <= ours:
        return  # unknown fields: the gate may be stricter than an API server that drops them
    for check in sorted(theirs - ours):
        yield f"{level}: the official evaluator refuses by {check}; the gate does not"
    for check in sorted(ours - theirs):
        yield f"{level}: the gate refuses by {check}; the official evaluator does not"


def _gate(pods: Sequence[Mapping[str, Any]]) -> list[dict[str, frozenset[str]]]:
    """Return, for each pod and level, the official checks whose rules refuse it; WL-SHAPE stands for itself."""
    sets = [
        SubjectSet(
            name=f"pods {first} on",
            subjects=tuple(
                Subject(number, "object", "Pod", "", "fuzz", pod, lambda _: Place("fuzz", 1))
                for number, pod in enumerate(pods[first : first + _BATCH], start=first)
            ),
            level="every",
        )
        for first in range(0, len(pods), _BATCH)
    ]
    evaluation = rego.evaluate(sets, rules=_RULES, processes=2)
    overridden = {id_ for rule in evaluation.rules.values() for id_ in rule.overrides}
    levels = {
        rule.id: {"baseline"}
        if rule.id in overridden
        else {"baseline", "restricted"}
        if rule.pss == "baseline"
        else {"restricted"}
        for rule in evaluation.rules.values()
    }
    refused: list[dict[str, set[str]]] = [{level: set() for level in LEVELS} for _ in pods]
    for finding in evaluation.findings:
        for level in levels[finding.rule_id]:
            refused[finding.subject_id][level].add(evaluation.rules[finding.rule_id].official or finding.rule_id)
    return [{level: frozenset(checks) for level, checks in each.items()} for each in refused]


def shrink(disagreement: Disagreement) -> Disagreement:
    """Return the smallest pod that still shows a disagreement: nothing can be left out, or made plainer, any more.

    Every smaller pod is tried in one call of each judge, so a round costs one start of conftest and not hundreds.
    """
    smallest = disagreement
    while True:
        candidates = [pod for pod in reductions(smallest.pod) if _is_pod(pod)]
        still = compare(candidates).disagreements if candidates else ()
        if not still:
            return smallest
        smallest = min(still, key=lambda one: len(str(one.pod)))


def reductions(value: Any) -> Iterator[Any]:
    """Yield every value that is one step smaller: one key or item less, or one of them smaller."""
    if isinstance(value, dict):
        for key in value:
            yield {other: inner for other, inner in value.items() if other != key}
        for key, inner in value.items():
            for smaller in reductions(inner):
                yield {**value, key: smaller}
    elif isinstance(value, list):
        for index in range(len(value)):
            yield value[:index] + value[index + 1 :]
        for index, inner in enumerate(value):
            for smaller in reductions(inner):
                yield [*value[:index], smaller, *value[index + 1 :]]


def _is_pod(value: Mapping[str, Any]) -> bool:
    return value.get("apiVersion") == "v1" and value.get("kind") == "Pod" and "spec" in value
