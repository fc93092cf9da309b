"""The verdict of both engines."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from harness.errors import UserError
from harness.policy import gate, waivers
from harness.policy.subjects import Loader

if TYPE_CHECKING:
    from pathlib import Path

    from harness.policy.model import SubjectSet, Verdict, Waiver

TODAY = date(2026, 11, 24)
PRIVILEGED = """\
apiVersion: v1
kind: Pod
metadata: {name: bad, namespace: shop}
spec:
  containers:
    - name: app
      image: registry.example/app:1.2.3
      securityContext:
        privileged: true
"""


def sets(folder: Path, text: str, name: str = "a.yaml") -> tuple[SubjectSet, ...]:
    """Read a file with this text."""
    (folder / name).write_text(text)
    return Loader(root=folder).paths([folder / name])


def judge(folder: Path, text: str, *engines: str, exceptions: tuple[Waiver, ...] = ()) -> Verdict:
    """Judge a file with this text."""
    return gate.judge(sets(folder, text), engines=engines, exceptions=exceptions, today=TODAY)


@pytest.fixture(scope="module")
def verdict(tmp_path_factory: pytest.TempPathFactory) -> Verdict:
    """What both engines say of a privileged pod, and of another for which there is a waiver."""
    folder = tmp_path_factory.mktemp("gate")
    file = folder / "waivers.yaml"
    file.write_text(
        "- rules: [PSS-PRIVILEGED, CKV_K8S_16]\n  object: Pod/waived\n  container: app\n  owner: me\n"
        "  reason: A test.\n  expires: 2026-12-31\n"
    )
    text = f"{PRIVILEGED}---\n{PRIVILEGED.replace('bad', 'waived')}"
    return judge(folder, text, *gate.ENGINES, exceptions=waivers.read(file))


def test_both_engines_find_it(verdict: Verdict) -> None:
    """One verdict has the findings of both, with file and line; it fails."""
    found = {finding.rule_id: finding for finding in verdict.open}
    assert not verdict.passed
    assert (found["PSS-PRIVILEGED"].engine, found["CKV_K8S_16"].engine) == ("rego", "checkov")
    assert str(found["PSS-PRIVILEGED"].place) == "a.yaml:9"
    assert found["PSS-PRIVILEGED"].where() == "Pod/bad [app]"
    assert found["CKV_K8S_16"].subject.name == "bad"
    assert found["CKV_K8S_16"].place.file == "a.yaml"


def test_the_worst_comes_first(verdict: Verdict) -> None:
    """A reader who stops early has read what matters."""
    severities = [verdict.rules[finding.rule_id].severity for finding in verdict.open]
    assert severities == sorted(severities, key=["critical", "high", "medium", "low"].index)


def test_what_was_judged_is_counted(verdict: Verdict) -> None:
    """Objects, pods, containers and rules of both engines are in the verdict."""
    assert (verdict.counts.objects, verdict.counts.pods, verdict.counts.containers) == (2, 2, 2)
    assert {rule.engine for rule in verdict.rules.values()} == {"rego", "checkov", "gate"}


def test_one_waiver_covers_both_engines(verdict: Verdict) -> None:
    """The same entry answers for a Rego rule and a Checkov check, of its object and of no other."""
    assert {finding.rule_id for finding in verdict.waived} == {"PSS-PRIVILEGED", "CKV_K8S_16"}
    assert {finding.subject.name for finding in verdict.waived} == {"waived"}
    assert verdict.waiver_problems == ()


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n---\n"])
def test_nothing_to_judge_is_an_error(tmp_path: Path, text: str) -> None:
    """Zero documents never pass."""
    with pytest.raises(UserError, match=r"a\.yaml: expected something to judge, found no document"):
        judge(tmp_path, text, "rego")


@pytest.mark.parametrize(("text", "rule"), [("a: [", "GATE-PARSE"), ("apiVersion: x/v1\nkind: Unknown\n", "GATE-KIND")])
def test_what_could_not_be_judged_fails(tmp_path: Path, text: str, rule: str) -> None:
    """An unparsable file and an unknown kind fail, though no rule said a word."""
    verdict = judge(tmp_path, text, "rego")
    assert [finding.rule_id for finding in verdict.open] == [rule]
    assert not verdict.passed


def test_an_expired_waiver_fails_what_would_pass(tmp_path: Path) -> None:
    """A gate with a stale exception does not pass."""
    file = tmp_path / "waivers.yaml"
    file.write_text("- rules: [WL-TOKEN]\n  object: Pod/x\n  owner: me\n  reason: A test.\n  expires: 2020-01-01\n")
    verdict = judge(
        tmp_path, "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n", "rego", exceptions=waivers.read(file)
    )
    assert verdict.open == ()
    assert not verdict.passed
