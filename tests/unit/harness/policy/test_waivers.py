"""Waivers."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import pytest

from harness.errors import UserError
from harness.located import Place
from harness.policy import waivers
from harness.policy.model import Finding, Rule, Subject, Waiver

if TYPE_CHECKING:
    from pathlib import Path

TODAY = date(2026, 11, 24)
PLACE = Place("deployment.yaml", 3)
RULES = {
    id_: Rule(id_, "checkov" if id_.startswith("CKV") else "rego", id_, "high")
    for id_ in ("WL-TOKEN", "WL-UID", "CKV_K8S_38", "GATE-PARSE")
}


def finding(rule: str = "WL-TOKEN", name: str = "traefik", container: str = "", kind: str = "Deployment") -> Finding:
    """Return a finding of a rule."""
    subject = Subject(1, "object", kind, "ingress", name, {}, lambda _: PLACE)
    return Finding(rule, RULES[rule].engine, "set", subject, container, (), "message", PLACE)


def read(folder: Path, text: str) -> tuple[Waiver, ...]:
    """Read waivers from this text."""
    file = folder / "waivers.yaml"
    file.write_text(text)
    return waivers.read(file, "waivers.yaml")


def entry(**changes: str) -> str:
    """Return one waiver as text; an empty value leaves a key out."""
    fields = {
        "rules": "[WL-TOKEN]",
        "object": "Deployment/traefik",
        "owner": "platform",
        "reason": "It reads Ingresses.",
        "expires": "2027-01-31",
        **changes,
    }
    lines = [f"{key}: {value}" for key, value in fields.items() if value]
    return "- " + "\n  ".join(lines) + "\n"


def test_a_waiver_covers_its_finding(tmp_path: Path) -> None:
    """The finding stays, with the waiver beside it, and nothing is wrong."""
    found, problems = waivers.apply(read(tmp_path, entry()), [finding()], RULES, TODAY)
    assert found[0].waiver is not None
    assert found[0].waiver.owner == "platform"
    assert problems == ()


def test_a_waiver_covers_both_engines(tmp_path: Path) -> None:
    """One entry names rules of both, and one container, which Checkov does not tell."""
    one = read(tmp_path, entry(rules="[WL-TOKEN, CKV_K8S_38]", container="app"))
    found, problems = waivers.apply(one, [finding(container="app"), finding("CKV_K8S_38")], RULES, TODAY)
    assert all(each.waiver for each in found)
    assert problems == ()


@pytest.mark.parametrize(
    "other",
    [
        finding("WL-UID"),
        finding(name="vote"),
        finding(kind="DaemonSet"),
    ],
    ids=["another rule", "another object", "another kind"],
)
def test_a_waiver_covers_nothing_else(tmp_path: Path, other: Finding) -> None:
    """What it does not name stays open, and the waiver is unused."""
    found, problems = waivers.apply(read(tmp_path, entry()), [other], RULES, TODAY)
    assert found[0].waiver is None
    assert "covers nothing any more; remove it" in problems[0]


@pytest.mark.parametrize("changes", [{"namespace": "shop"}, {"container": "sidecar"}])
def test_namespace_and_container_narrow_a_waiver(tmp_path: Path, changes: dict[str, str]) -> None:
    """A finding elsewhere is not covered."""
    found, _ = waivers.apply(read(tmp_path, entry(**changes)), [finding(container="app")], RULES, TODAY)
    assert found[0].waiver is None


def test_a_waiver_holds_on_its_last_day_and_not_after(tmp_path: Path) -> None:
    """An expired waiver covers nothing and is a problem itself."""
    one = read(tmp_path, entry(expires="2026-11-24"))
    assert waivers.apply(one, [finding()], RULES, TODAY)[1] == ()
    found, problems = waivers.apply(one, [finding()], RULES, date(2026, 11, 25))
    assert found[0].waiver is None
    assert problems[0].startswith("waivers.yaml:1: the waiver of WL-TOKEN for Deployment/traefik expired on 2026-11-24")


def test_a_waiver_of_two_rules_needs_both(tmp_path: Path) -> None:
    """A rule that nothing breaks any more is named, though the other is still needed."""
    _, problems = waivers.apply(read(tmp_path, entry(rules="[WL-TOKEN, WL-UID]")), [finding()], RULES, TODAY)
    assert len(problems) == 1
    assert "WL-UID" in problems[0]


def test_an_engine_that_did_not_run_leaves_its_waivers_alone(tmp_path: Path) -> None:
    """With one engine alone the other's waivers are neither used nor unused; an invented rule is a problem."""
    without = {id_: rule for id_, rule in RULES.items() if rule.engine != "checkov"}
    one = read(tmp_path, entry(rules="[CKV_K8S_38]"))
    assert waivers.apply(one, [], without, TODAY)[1] == ()
    invented = read(tmp_path, entry(rules="[WL-INVENTED]"))
    assert "which there is not" in waivers.apply(invented, [], without, TODAY)[1][0]


def test_an_unreadable_file_cannot_be_waived(tmp_path: Path) -> None:
    """What nobody could read was not judged, whoever agrees to it."""
    one = read(tmp_path, entry(rules="[GATE-PARSE]"))
    found, _ = waivers.apply(one, [finding("GATE-PARSE")], RULES, TODAY)
    assert found[0].waiver is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b\n", "expected a list of waivers"),
        ("- text\n", "expected a waiver with"),
        (entry(owner=""), "waivers.yaml:1: the waiver lacks owner"),
        (entry(until="2027"), "has unknown until"),
        (entry(rules="WL-TOKEN"), "waivers.yaml:1: rules: expected a list"),
        (entry(rules="[]"), "rules: expected a list"),
        (entry(expires="soon"), "waivers.yaml:5: expires: expected a date"),
        (entry(reason="' '"), "reason: expected a text"),
        (entry(object="[a]"), "object: expected a text"),
        ("- rules: [", "expected YAML"),
    ],
)
def test_a_wrong_entry_is_one_clear_line(tmp_path: Path, text: str, message: str) -> None:
    """File, line and key are named."""
    with pytest.raises(UserError, match=message.replace("[", r"\[")) as error:
        read(tmp_path, text)
    assert "\n" not in str(error.value)


def test_an_empty_file_has_none(tmp_path: Path) -> None:
    """A project without exceptions has an empty file."""
    assert read(tmp_path, "# none\n") == ()
