"""The Rego engine, and the rules as a whole."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from harness import process
from harness.located import Place
from harness.policy import rego
from harness.policy.model import SEVERITIES, Subject, SubjectSet
from harness.policy.subjects import POLICIES, known_kinds
from harness.policy.wrapping import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.policy.model import Rule

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "a"},
    "spec": {"containers": [{"name": "c", "image": "i:1"}]},
}


def one_set(*objects: Mapping[str, Any], name: str = "test", first: int = 0) -> SubjectSet:
    """Return a set of objects, their ids counted from `first`."""
    subjects = tuple(
        Subject(number, "object", str(data["kind"]), "", "a", data, lambda _: Place("a.yaml", 1))
        for number, data in enumerate(objects, start=first)
    )
    return SubjectSet(name, subjects)


@pytest.fixture(scope="module")
def rules() -> Mapping[str, Rule]:
    """Every rule, as OPA reads its METADATA."""
    return rego.evaluate([one_set(POD)]).rules


def test_a_finding_names_rule_subject_container_and_field() -> None:
    """A finding leads to the field that a person has to change."""
    pod = {**POD, "spec": {"initContainers": [{"name": "i", "image": "i:1", "securityContext": {"privileged": True}}]}}
    findings = [each for each in rego.evaluate([one_set(POD, pod)]).findings if each.rule_id == "PSS-PRIVILEGED"]
    assert findings == [
        rego.RawFinding(
            "PSS-PRIVILEGED",
            1,
            "i",
            ("spec", "initContainers", 0, "securityContext", "privileged"),
            "securityContext.privileged must not be true",
        )
    ]


def test_what_was_judged_is_counted() -> None:
    """The counts come from the rules' side, not from the caller's."""
    counts = rego.evaluate([one_set(POD, POD, {"kind": "Service"})]).counts
    assert (counts.objects, counts.pods, counts.containers) == (3, 2, 2)


def test_processes_share_the_sets_and_leave_none_out() -> None:
    """Two processes find what one finds."""
    host = {**POD, "spec": {"hostPID": True}}
    sets = [one_set(POD, name="a"), one_set(host, name="b", first=1), one_set(POD, name="c", first=2)]
    alone, shared = rego.evaluate(sets), rego.evaluate(sets, processes=2)
    assert sorted(map(repr, alone.findings)) == sorted(map(repr, shared.findings))
    assert alone.counts == shared.counts


def test_no_rules_is_an_error(tmp_path: Path) -> None:
    """A gate without rules does not pass."""
    with pytest.raises(rego.EngineError, match="expected rules"):
        rego.evaluate([one_set(POD)], policies=tmp_path)


def test_a_library_without_rules_is_an_error(tmp_path: Path) -> None:
    """Nor does one that has everything but rules."""
    shutil.copytree(POLICIES, tmp_path / "policies")
    shutil.rmtree(tmp_path / "policies" / "rules")
    with pytest.raises(rego.EngineError):
        rego.evaluate([one_set(POD)], policies=tmp_path / "policies")


@pytest.mark.parametrize("body", ["deny contains x if {", "deny contains 1 if regex.match(`a`, input)"])
def test_a_broken_rule_is_an_error(tmp_path: Path, body: str) -> None:
    """A rule that does not compile, or gives a built-in a wrong type, never counts as silent."""
    shutil.copytree(POLICIES, tmp_path / "policies")
    rule = tmp_path / "policies" / "rules" / "pss" / "privileged.rego"
    rule.write_text(f"{rule.read_text()}\n{body}\n")
    with pytest.raises(rego.EngineError, match="conftest"):
        rego.evaluate([one_set(POD)], policies=tmp_path / "policies")


@pytest.mark.parametrize("output", ["", "[]", "{}", '[{"filename": "Combined", "successes": 3}]'])
def test_an_answer_without_census_is_an_error(output: str) -> None:
    """Whoever does not say what was judged has judged nothing."""
    with pytest.raises(rego.EngineError):
        rego.read(output)


def test_a_census_of_less_than_was_given_is_an_error(tmp_path: Path) -> None:
    """A rule base that loses objects does not pass for one that found nothing."""
    shutil.copytree(POLICIES, tmp_path / "policies")
    library = tmp_path / "policies" / "lib" / "inputs.rego"
    library.write_text(
        library.read_text().replace("some given in set.objects\n", "some given in set.objects\n\tfalse\n")
    )
    with pytest.raises(rego.EngineError, match="was given 1 of type object, judged 0"):
        rego.evaluate([one_set(POD)], policies=tmp_path / "policies")


def test_every_rule_says_what_a_report_needs(rules: Mapping[str, Rule]) -> None:
    """Title, description, severity, link and remedy are there, and the id has its family's prefix."""
    prefixes: dict[str, str | tuple[str, ...]] = {
        "pss": "PSS-",
        "workload": "WL-",
        "network": "NET-",
        "secret": "SEC-",
        "ingress": "ING-",
        "workflow": "CI-",
        "image": "IMG-",
        "compose": ("IMG-", "WL-", "SEC-"),
    }
    for rule in rules.values():
        assert rule.severity in SEVERITIES, rule.id
        assert rule.title, rule.id
        assert rule.description, rule.id
        assert rule.remedy, rule.id
        assert rule.link.startswith("https://"), rule.id
        assert (POLICIES.parent / rule.file).is_file(), rule.file
        assert rule.id.startswith(prefixes[rule.file.split("/")[2]]), rule.id


def test_every_control_names_its_official_check(rules: Mapping[str, Rule]) -> None:
    """The Pod Security rules are the official evaluator's 19 checks, one each."""
    official = {rule.official for rule in rules.values() if rule.pss}
    assert official == {
        *("allowPrivilegeEscalation", "appArmorProfile", "capabilities_baseline", "capabilities_restricted"),
        *("hostNamespaces", "hostPathVolumes", "hostPorts", "hostProbesAndHostLifecycle", "privileged", "procMount"),
        *("procMount_restricted", "restrictedVolumes", "runAsNonRoot", "runAsUser", "seLinuxOptions"),
        *("seccompProfile_baseline", "seccompProfile_restricted", "sysctls", "windowsHostProcess"),
    }


def test_every_rule_stands_beside_its_test() -> None:
    """One rule a file, with a test file that has an accepting and a rejecting case."""
    for rule in (POLICIES / "rules").glob("*/*.rego"):
        if rule.name.endswith("_test.rego"):
            continue
        test = rule.with_name(f"{rule.stem}_test.rego").read_text()
        assert "\ntest_accepts_" in test, rule
        assert "\ntest_rejects_" in test, rule


def test_the_kinds_with_pods_are_the_same_everywhere() -> None:
    """Rego, the mutants and the list of known kinds agree on which kinds have pods."""
    library = (POLICIES / "lib" / "pods.rego").read_text()
    block = re.search(r"templates := \{\n(.*?)\n\}", library, re.DOTALL)
    assert block is not None
    pairs = re.findall(r'"(\w+)": (\[.*\])', block[1])
    assert {kind: tuple(json.loads(path)) for kind, path in pairs} == TEMPLATES
    assert set(TEMPLATES) <= {kind for kinds in known_kinds().values() for kind in kinds}


def verify(policies: Path) -> dict[str, list[bool]]:
    """Return the outcomes of `conftest verify`, by test file."""
    done = process.run(
        [rego.conftest(), "verify", "--show-builtin-errors", "--policy", policies, "--output", "json"],
        timeout_s=200,
        check=False,
    )
    assert done.stdout, done.stderr
    outcomes: dict[str, list[bool]] = {}
    for result in json.loads(done.stdout):
        outcomes.setdefault(result["filename"].partition("policies/")[2], []).append(not result.get("failures"))
    return outcomes


def test_conftest_verify_passes() -> None:
    """Every test of every rule passes."""
    outcomes = verify(POLICIES)
    assert len(outcomes) > len(list((POLICIES / "rules").glob("*/*_test.rego")))  # the library's tests are among them
    assert [file for file, passed in outcomes.items() if not all(passed)] == []


@pytest.mark.parametrize(
    "instead",
    ["deny := set()", "deny := {number | some number in numbers.range(1, 99)}"],
    ids=["never denies", "always denies"],
)
def test_every_rules_tests_notice_when_it_judges_no_more(tmp_path: Path, instead: str) -> None:
    """With any rule replaced by one that never denies, or always does, that rule's own tests fail."""
    copied = tmp_path / "policies"
    shutil.copytree(POLICIES, copied)
    tests = []
    for rule in (copied / "rules").glob("*/*.rego"):
        if rule.name.endswith("_test.rego"):
            tests.append(str(rule.relative_to(copied)))
            continue
        text = rule.read_text()
        head = text[: text.index("about :=")]
        imports = re.sub(r"^import .*\n", "", head, flags=re.MULTILINE)
        rule.write_text(f"{imports}about := rego.metadata.chain()[count(rego.metadata.chain()) - 1]\n\n{instead}\n")
    (copied / "main_test.rego").unlink()
    outcomes = verify(copied)
    assert [file for file in tests if all(outcomes[file])] == []
