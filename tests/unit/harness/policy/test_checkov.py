"""The Checkov engine."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from harness import process
from harness.policy import checkov
from harness.policy.rego import EngineError
from harness.policy.subjects import Loader

if TYPE_CHECKING:
    from pathlib import Path

REPORT = {"summary": {"passed": 1, "failed": 0}, "results": {"failed_checks": [], "parsing_errors": []}}


def test_objects_and_containerfiles_are_judged_and_found_again(tmp_path: Path) -> None:
    """Of several documents in one staged file, a finding is of the one that broke the check."""
    (tmp_path / "a.yaml").write_text(
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: good, namespace: shop}\n---\n"
        "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\n"
        "spec: {hostPID: true, containers: [{name: a, image: 'a:1'}]}\n"
    )
    (tmp_path / "Containerfile").write_text("FROM debian:12\nUSER root\n")
    evaluation = checkov.evaluate(Loader(root=tmp_path).paths([tmp_path / "a.yaml", tmp_path / "Containerfile"]))
    found = {(finding.rule_id, finding.subject_id) for finding in evaluation.findings}
    assert ("CKV_K8S_17", 1) in found
    assert ("CKV_DOCKER_8", 2) in found
    assert not any(subject == 0 for _, subject in found)
    assert evaluation.judged > len(found)


def test_an_empty_list_of_checks_is_an_error(tmp_path: Path) -> None:
    """An engine without rules does not pass."""
    (tmp_path / "checkov.yaml").write_text("checks: {}\n")
    with pytest.raises(EngineError, match="expected checks"):
        checkov.checks(tmp_path / "checkov.yaml")


@pytest.mark.parametrize(
    ("output", "message"),
    [
        ("Traceback", "expected JSON"),
        ("[]", "judged nothing"),
        (json.dumps({**REPORT, "summary": {"passed": 0, "failed": 0}}), "judged nothing"),
        (json.dumps({**REPORT, "results": {"parsing_errors": ["/0.yaml"]}}), "could not parse"),
    ],
)
def test_an_answer_that_judges_nothing_is_an_error(output: str, message: str) -> None:
    """Neither a crash, nor silence, nor a file it could not read passes for no finding."""
    with pytest.raises(EngineError, match=message):
        checkov.read(output, {}, {"CKV_K8S_16": "high"})


def test_every_check_in_the_list_exists_under_its_title() -> None:
    """A check that Checkov does not know would never run, and nobody would notice."""
    listed = process.run([sys.executable, "-m", "checkov.main", "--list"], env={"LOG_LEVEL": "ERROR"}).stdout
    known = {words[2].strip() for line in listed.splitlines() if len(words := line.split("|")) > 3}
    wanted = checkov.checks()
    assert len(known) > 100
    assert set(wanted) - known == set()
    # Each stands beside its title, which reports show for checks that pass.
    lines = checkov.SETTINGS.read_text().splitlines()
    assert all(re.fullmatch(r"  \w+: \w+ # .+", line) for line in lines if line.strip().startswith("CKV"))
