"""The first engine: conftest with the rules of policies/, many sets in one call."""

from __future__ import annotations

import concurrent.futures
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import process, programs
from harness.errors import UserError
from harness.policy.model import Counts, Field, Rule
from harness.policy.subjects import POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.policy.model import SubjectSet

_TIMEOUT_S = 600.0
# --no-fail leaves a non-zero exit code to errors alone; a built-in that gets a wrong type is one of them.
_OPTIONS = ("test", "--combine", "--no-fail", "--no-color", "--show-builtin-errors", "--output", "json")
_COUNTED = ("objects", "pods", "containers", "containerfiles", "composes", "workflows")


class EngineError(UserError):
    """An engine failed, or judged less than it was given; never a pass."""


@dataclass(frozen=True)
class RawFinding:
    """What a rule said: the subject's id, the container's name, and the field's path."""

    rule_id: str
    subject_id: int
    container: str
    field: Field
    message: str


@dataclass(frozen=True)
class Evaluation:
    """What conftest answered: the findings, the rules that ran, and what they were given."""

    findings: tuple[RawFinding, ...]
    rules: Mapping[str, Rule]
    counts: Counts


def conftest() -> Path:
    """Return the program, built first where it was not yet."""
    return programs.path("conftest")


def rule_files(policies: Path = POLICIES, rules: Sequence[str] = ("*/*",)) -> list[Path]:
    """Return the Rego that judges, with the rules that match a pattern (`pss/*`); by default with all.

    The tests beside it are left out: they cost time and are for `conftest verify`.
    """
    patterns = ["*.rego", "lib/*.rego", *(f"rules/{pattern}.rego" for pattern in rules)]
    files = [file for pattern in patterns for file in policies.glob(pattern)]
    return sorted(path for path in files if not path.name.endswith("_test.rego"))


def evaluate(
    sets: Sequence[SubjectSet], *, policies: Path = POLICIES, rules: Sequence[str] = ("*/*",), processes: int = 1
) -> Evaluation:
    """Judge sets by every rule.

    Args:
        sets: What to judge; the ids of their subjects must be unique over all of them.
        policies: The folder of the rules.
        rules: Patterns of the rules' files below rules/, where not all are wanted.
        processes: How many conftests share the sets; a set is never split.

    Raises:
        EngineError: conftest failed, there are no rules, or what it counted is not what it was given.
    """
    files = rule_files(policies, rules)
    if not files:
        raise EngineError(f"{policies}: expected rules (*.rego), found none; a gate without rules must not pass")
    shares = [share for share in (sets[number::processes] for number in range(processes)) if share] or [sets]
    with concurrent.futures.ThreadPoolExecutor(len(shares)) as pool:
        parts = list(pool.map(lambda share: _evaluate(share, files), shares))
    counts = Counts()
    for part in parts:
        counts += part.counts
    return Evaluation(tuple(finding for part in parts for finding in part.findings), parts[0].rules, counts)


def _evaluate(sets: Sequence[SubjectSet], files: Sequence[Path]) -> Evaluation:
    with tempfile.TemporaryDirectory(prefix="policy-") as scratch:
        folder = Path(scratch)
        (folder / "gate.json").write_text(json.dumps({"sets": [_as_input(one, folder) for one in sets]}, default=str))
        policy_options = [word for file in files for word in ("--policy", str(file))]
        done = process.run(
            [conftest(), *_OPTIONS, *policy_options, "."],
            cwd=folder,
            timeout_s=_TIMEOUT_S,
            check=False,
        )
    if done.exit_code != 0:
        raise EngineError(f"conftest: exit code {done.exit_code}: {done.stderr.strip() or done.stdout.strip()}")
    evaluation = read(done.stdout)
    _compare(sets, evaluation.counts)
    return evaluation


def _as_input(one: SubjectSet, folder: Path) -> dict[str, Any]:
    staged = []
    for subject in one.of_type("containerfile"):
        name = f"{subject.id}.dockerfile"
        (folder / name).write_text(subject.text)
        staged.append({"id": subject.id, "staged": name})
    return {
        "name": one.name,
        "level": one.level,
        "production": one.production,
        "objects": [{"id": subject.id, "object": subject.data} for subject in one.of_type("object")],
        "containerfiles": staged,
        "composes": [{"id": subject.id, "document": subject.data} for subject in one.of_type("compose")],
        "workflows": [{"id": subject.id, "document": subject.data} for subject in one.of_type("workflow")],
    }


def read(output: str) -> Evaluation:
    """Read what conftest printed.

    Raises:
        EngineError: It is no answer of policies/main.rego: no census, or a census without rules.
    """
    try:
        results = json.loads(output)
    except json.JSONDecodeError as error:
        raise EngineError(f"conftest: expected JSON, found {output[:200]!r} ({error})") from None
    warnings = [warning for result in results for warning in result.get("warnings") or []]
    censuses = [warning["metadata"] for warning in warnings if warning["msg"] == "census"]
    if len(censuses) != 1 or len(warnings) != 1:
        raise EngineError(
            f"conftest: expected one census by policies/main.rego, found {len(censuses)}; nothing was judged"
        )
    census = censuses[0]
    rules = [_rule(about) for about in census["rules"]]
    if not rules:
        raise EngineError("policies: expected rules, found none; a gate without rules must not pass")
    if len({rule.id for rule in rules}) != len(rules):
        ids = sorted(rule.id for rule in rules)
        raise EngineError(
            f"policies: expected one rule an id, found {sorted({i for i in ids if ids.count(i) > 1})} twice"
        )
    failures = [failure for result in results for failure in result.get("failures") or []]
    return Evaluation(
        findings=tuple(_finding(failure) for failure in failures),
        rules={rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)},
        counts=Counts(**{key: census[key] for key in _COUNTED}),
    )


def _rule(about: Mapping[str, Any]) -> Rule:
    annotations, custom = about["annotations"], about["annotations"]["custom"]
    folder, _, name = about["path"][-1].partition("_")
    return Rule(
        id=custom["id"],
        engine="rego",
        title=annotations["title"],
        severity=custom["severity"],
        description=annotations["description"].strip(),
        remedy=custom["remedy"].strip(),
        link=annotations["related_resources"][0]["ref"],
        file=f"policies/rules/{folder}/{name}.rego",
        nsa_cisa=custom.get("nsa_cisa", ""),
        cis=str(custom.get("cis", "")),
        pss=custom.get("pss", ""),
        official=custom.get("official", ""),
        overrides=tuple(custom.get("overrides", ())),
        judges=custom["judges"],
        production=custom.get("production", False),
    )


def _finding(failure: Mapping[str, Any]) -> RawFinding:
    metadata = failure["metadata"]
    return RawFinding(
        rule_id=metadata["rule"],
        subject_id=metadata["subject"],
        container=metadata["container"] or "",
        field=tuple(metadata["field"]),
        message=failure["msg"],
    )


def _compare(sets: Sequence[SubjectSet], counts: Counts) -> None:
    sent = {
        sort: sum(len(one.of_type(sort)) for one in sets) for sort in ("object", "containerfile", "compose", "workflow")
    }
    judged = {
        "object": counts.objects,
        "containerfile": counts.containerfiles,
        "compose": counts.composes,
        "workflow": counts.workflows,
    }
    for sort, number in sent.items():
        if judged[sort] != number:
            raise EngineError(
                f"conftest: was given {number} of type {sort}, judged {judged[sort]}; see policies/main.rego"
            )
