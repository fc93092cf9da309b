"""Conformance with the official fixtures."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness.errors import UserError
from harness.policy import conformance
from harness.policy.conformance import Case, Fixture, fixtures_folder, judge, load
from harness.policy.wrapping import TEMPLATES, template_of, wrap

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def cases() -> tuple[Case, ...]:
    """Every official fixture in every kind, judged."""
    return judge(load(fixtures_folder()))


def test_no_false_accept_and_no_false_reject(cases: tuple[Case, ...]) -> None:
    """The gate allows what the official evaluator allows and refuses the rest, by the rule of the same control."""
    assert [case.line() for case in cases if not case.agrees] == []


def test_every_kind_and_level_was_tried(cases: tuple[Case, ...]) -> None:
    """At both levels, passing and failing pods, in each kind with a pod and as an item of a list."""
    assert {case.kind for case in cases} == {*TEMPLATES, "item of a List"}
    assert {(case.fixture.level, case.fixture.allowed) for case in cases} == {
        (level, allowed) for level in ("baseline", "restricted") for allowed in (True, False)
    }
    assert len(cases) >= 1000


def test_a_disagreement_is_seen() -> None:
    """A fixture whose verdict is turned round is a false accept or a false reject."""
    fixtures = [fixture for fixture in load(fixtures_folder()) if fixture.level == "restricted"][:2]
    turned = [replace(fixture, allowed=not fixture.allowed) for fixture in fixtures]
    assert not any(case.agrees for case in judge(turned))


def test_the_wrong_rule_does_not_count() -> None:
    """A pod refused by another control than its own is no agreement."""
    fixture = next(each for each in load(fixtures_folder()) if each.name == "hostports0" and each.level == "baseline")
    renamed = Fixture("baseline", allowed=False, name="privileged0", pod=fixture.pod)
    assert not any(case.agrees for case in judge([renamed]))


def test_no_fixtures_is_an_error(tmp_path: Path) -> None:
    """An empty folder is no conformance."""
    with pytest.raises(UserError, match="expected official fixtures"):
        conformance.load(tmp_path)


@pytest.mark.parametrize("kind", TEMPLATES)
def test_a_wrapped_pod_is_found_again(kind: str) -> None:
    """What is wrapped into a kind is the pod of that kind."""
    pod = {"metadata": {"name": "a", "annotations": {"k": "v"}}, "spec": {"containers": [{"name": "c"}]}}
    template = template_of(wrap(kind, pod))
    assert template["spec"] == pod["spec"]
    assert template["metadata"]["annotations"] == {"k": "v"}
