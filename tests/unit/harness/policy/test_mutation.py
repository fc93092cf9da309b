"""The rules measured by broken manifests."""

from __future__ import annotations

import pytest

from harness.located import Place
from harness.policy.model import Subject, SubjectSet
from harness.policy.mutants import Mutant, of_set
from harness.policy.mutation import Result, judge, mutants
from harness.policy.subjects import Loader


@pytest.fixture(scope="module")
def results() -> list[Result]:
    """Every mutant of the repository's overlays, judged."""
    return judge(mutants(Loader().project()))


def test_every_broken_field_is_refused_by_the_rule_that_guards_it(results: list[Result]) -> None:
    """No mutant survives."""
    survivors = [result.mutant.what for result in results if not result.killed and not result.equivalent]
    assert survivors == []


def test_equivalents_are_few_and_have_their_reason(results: list[Result]) -> None:
    """What is not counted is no worse than the original, for one of three reasons."""
    reasons = {result.equivalent for result in results if result.equivalent}
    assert reasons <= {
        "no Ingress leads to this Service",
        "a policy that only allows: without it less may pass",
        "the original is refused by the same rule, and waived",
    }
    assert sum(bool(result.equivalent) for result in results) < len(results) / 20


def test_every_hardening_field_is_broken_in_every_way(results: list[Result]) -> None:
    """The security context of a container is removed, nulled and set wrong, and so is each field of it."""
    of_vote = [
        result.mutant.what for result in results if "embedded: Deployment/vote: spec.template" in result.mutant.what
    ]
    for did in ("removed", "nulled", "set to"):
        for field in ("readOnlyRootFilesystem", "allowPrivilegeEscalation", "capabilities", "capabilities.drop"):
            assert any(f"containers.0.securityContext.{field} {did}" in what for what in of_vote), (field, did)


def weak(spec: dict[str, object]) -> SubjectSet:
    """Return a set with one pod of this spec."""
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "shop"}, "spec": spec}
    return SubjectSet("weak", (Subject(0, "object", "Pod", "shop", "a", pod, lambda _: Place("a.yaml", 1)),))


def test_a_mutant_that_nothing_refuses_survives() -> None:
    """A guard that names a rule which looks elsewhere is a survivor, not a kill by accident."""
    one = weak({"containers": [{"name": "c", "image": "i:1"}], "hostPID": True})
    mutant = next(each for each in of_set(one, set()) if each.what.endswith('image set to "registry.example/image"'))
    blind = Mutant(mutant.what, frozenset({"PSS-SYSCTLS"}), mutant.changed, mutant.original, mutant.id)
    seen, unseen = judge([mutant, blind])
    assert seen.killed
    assert not unseen.killed
    assert not unseen.equivalent


def test_a_pod_that_was_refused_before_proves_nothing() -> None:
    """Only a new finding counts: a rule that refuses the original as well has not noticed the mutant."""
    one = weak({"containers": [{"name": "c", "image": "i:1"}], "hostPID": True})
    same = Mutant("unchanged", frozenset({"PSS-HOST-NAMESPACES"}), one, one, 0)
    assert not judge([same])[0].killed
