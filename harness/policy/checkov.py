"""The second engine: Checkov with the checks of policies/checkov.yaml, and no other."""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from harness import paths, process
from harness.policy.model import Field, Rule, Subject
from harness.policy.rego import EngineError, RawFinding
from harness.policy.subjects import POLICIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.policy.model import SubjectSet

SETTINGS = POLICIES / "checkov.yaml"
_LINK = "https://www.checkov.io/5.Policy%20Index/all.html"
_OPTIONS: tuple[str, ...] = ("--directory", ".", "--framework", "kubernetes", "dockerfile", "--skip-download")
_OPTIONS += ("--output", "json", "--compact", "--quiet", "--soft-fail")
_TIMEOUT_S = 600.0
_OBJECTS_A_FILE = 100
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


@dataclass(frozen=True)
class Evaluation:
    """What Checkov answered: what failed, the checks by id, and how many verdicts it gave."""

    findings: tuple[RawFinding, ...]
    rules: Mapping[str, Rule]
    judged: int


def checks(settings: Path = SETTINGS) -> dict[str, str]:
    """Return the severity of each check that runs, by its id.

    Raises:
        EngineError: The list is empty.
    """
    found: dict[str, str] = (yaml.safe_load(settings.read_text()) or {}).get("checks") or {}
    if not found:
        raise EngineError(f"{settings}: expected checks, found none; an engine without rules must not pass")
    return found


def evaluate(sets: Sequence[SubjectSet], *, settings: Path = SETTINGS) -> Evaluation:
    """Judge the objects and Containerfiles of the sets.

    Raises:
        EngineError: Checkov failed, could not parse a file, or judged nothing.
    """
    wanted = checks(settings)
    with tempfile.TemporaryDirectory(prefix="checkov-") as scratch:
        folder = Path(scratch)
        staged = _stage(sets, folder)
        if not staged:
            return Evaluation((), _rules(wanted, {}), 0)
        done = process.run(
            [sys.executable, "-m", "harness.policy.checkov_main", *_OPTIONS, "--check", ",".join(wanted)],
            cwd=folder,
            env={"LOG_LEVEL": "ERROR", "PYTHONPATH": str(paths.ROOT), "PYTHONWARNINGS": "ignore"},
            timeout_s=_TIMEOUT_S,
            check=False,
        )
        if done.exit_code != 0:
            raise EngineError(f"checkov: exit code {done.exit_code}: {done.stderr.strip()[-600:]}")
        return read(done.stdout, staged, wanted)


@dataclass(frozen=True)
class _Staged:
    """A staged file: the line on which each of its subjects starts."""

    starts: tuple[int, ...]
    subjects: tuple[Subject, ...]

    def at(self, line: int) -> Subject:
        """Return the subject that a line belongs to."""
        return [subject for start, subject in zip(self.starts, self.subjects, strict=True) if start <= line][-1]


def _stage(sets: Sequence[SubjectSet], folder: Path) -> dict[str, _Staged]:
    staged: dict[str, _Staged] = {}
    for number, one in enumerate(sets):
        objects = one.of_type("object")
        # Checkov parses files side by side, and looks for policies and bindings across all of them.
        for first in range(0, len(objects), _OBJECTS_A_FILE):
            part = objects[first : first + _OBJECTS_A_FILE]
            name, line, starts, texts = f"{number}-{first}.yaml", 1, [], []
            for subject in part:
                text = "---\n" + yaml.dump(subject.data, Dumper=_DUMPER, default_flow_style=False)
                starts.append(line)
                texts.append(text)
                line += text.count("\n")
            (folder / name).write_text("".join(texts))
            staged[name] = _Staged(tuple(starts), part)
        for subject in one.of_type("containerfile"):
            name = f"{subject.id}.dockerfile"
            (folder / name).write_text(subject.text)
            staged[name] = _Staged((1,), (subject,))
    return staged


def read(output: str, staged: Mapping[str, _Staged], wanted: Mapping[str, str]) -> Evaluation:
    """Read what Checkov printed.

    Raises:
        EngineError: It is no report, tells of files that could not be parsed, or of nothing judged.
    """
    try:
        said = json.loads(output)
    except json.JSONDecodeError:
        raise EngineError(f"checkov: expected JSON, found {output[:200]!r}") from None
    reports = [report for report in (said if isinstance(said, list) else [said]) if "results" in report]
    unparsed = [file for report in reports for file in report["results"].get("parsing_errors") or []]
    if unparsed:
        raise EngineError(f"checkov: could not parse {', '.join(unparsed)}")
    failed = [check for report in reports for check in report["results"].get("failed_checks") or []]
    judged = sum(report["summary"]["passed"] + report["summary"]["failed"] for report in reports)
    if judged == 0:
        raise EngineError("checkov: expected verdicts, found none; an engine that judged nothing must not pass")
    names = {check["check_id"]: check["check_name"] for check in failed}
    return Evaluation(tuple(_finding(check, staged) for check in failed), _rules(wanted, names), judged)


def _finding(check: Mapping[str, Any], staged: Mapping[str, _Staged]) -> RawFinding:
    subject = staged[check["file_path"].lstrip("/")].at(check["file_line_range"][0])
    path: Field = ()
    if subject.type == "object":
        # Checkov names the object and not the field; the keys it looked at lead there where it tells them.
        keys = (check.get("check_result") or {}).get("evaluated_keys") or []
        path = tuple(keys[0].split("/")) if keys else ()
    return RawFinding(check["check_id"], subject.id, "", path, check["check_name"])


def _rules(wanted: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Rule]:
    titles = {**_titles(), **names}
    return {
        id_: Rule(
            id=id_,
            engine="checkov",
            title=titles.get(id_, id_),
            severity=severity,
            description=f"Checkov's check {id_}: {titles.get(id_, id_)}.",
            remedy="See Checkov's policy index.",
            link=_LINK,
            file="policies/checkov.yaml",
        )
        for id_, severity in wanted.items()
    }


def _titles() -> dict[str, str]:
    """Return the titles that stand as comments beside the ids; a test compares them with Checkov's own."""
    titles = {}
    for line in SETTINGS.read_text().splitlines():
        id_, _, title = line.strip().partition(" # ")
        if id_.startswith("CKV"):
            titles[id_.partition(":")[0]] = title
    return titles
