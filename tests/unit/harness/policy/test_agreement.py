"""The gate beside the official evaluator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.policy import agreement, evaluator
from harness.policy.agreement import compare, reductions, shrink
from harness.policy.evaluator import Answer
from harness.policy.fuzz import describe, generate, write

PODS = 500
SEED = 3
REGRESSIONS = sorted((Path(__file__).parent / "regressions").glob("*.yaml"))


def pod(**spec: Any) -> dict[str, Any]:
    """Return a pod with one container and this in its spec."""
    spec = {"containers": [{"name": "c", "image": "i:1"}], **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": spec}


@pytest.fixture(scope="module")
def comparison() -> agreement.Comparison:
    """The default run: 500 made-up pods, the same every time; `./nox -s fuzz` makes new ones."""
    return compare(generate(PODS, SEED))


def test_the_gate_agrees_with_the_official_evaluator(comparison: agreement.Comparison) -> None:
    """Control by control, at both levels."""
    assert comparison.pods == PODS
    assert [each.lines for each in comparison.disagreements] == []


def test_the_pods_are_worth_something(comparison: agreement.Comparison) -> None:
    """Most can be read, some are admitted at each level, and every official check refuses some."""
    assert comparison.unreadable < PODS / 2
    assert min(comparison.admitted.values()) > PODS / 20
    assert len(comparison.checks) == 19, describe(comparison)


def test_regressions_stay_mended() -> None:
    """Every pod that the two once judged differently is judged alike now."""
    assert REGRESSIONS
    assert [
        each.lines for each in compare([yaml.safe_load(file.read_text()) for file in REGRESSIONS]).disagreements
    ] == []


def test_the_evaluator_defaults_as_the_api_server_does() -> None:
    """A volume without source is an emptyDir; a port on the host's network is a host port."""
    plain, network = evaluator.ask(
        [
            pod(volumes=[{"name": "v"}]),
            pod(hostNetwork=True, containers=[{"name": "c", "ports": [{"containerPort": 80}]}]),
        ]
    )
    assert "restrictedVolumes" not in plain.refused["restricted"]
    assert "hostPorts" in network.refused["baseline"]


def test_the_evaluator_tells_what_it_cannot_read() -> None:
    """A wrong type is no verdict; an unknown field is one, and a strict error."""
    wrong, unknown = evaluator.ask([pod(hostPID="x"), pod(hostPid=True)])
    assert "hostPID" in wrong.decode_error
    assert wrong.refused == {}
    assert "hostPid" in unknown.strict_error
    assert "hostNamespaces" not in unknown.refused["baseline"]


def blind_to_privileged(pods: Any, ask: Any = evaluator.ask) -> tuple[Answer, ...]:
    """An evaluator that admits privileged containers: a blind gate, the other way round."""
    return tuple(
        Answer(
            each.decode_error,
            each.strict_error,
            {level: refused - {"privileged"} for level, refused in each.refused.items()},
        )
        for each in ask(pods)
    )


def test_a_disagreement_is_seen_and_made_small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What is left of a large pod is the one field that the two disagree about, and the file says so."""
    monkeypatch.setattr(evaluator, "ask", blind_to_privileged)
    large = pod(
        hostPID=True,
        securityContext={"runAsUser": 0},
        containers=[{"name": "c", "image": "i:1", "securityContext": {"privileged": True, "runAsUser": 0}}],
    )
    (found,) = compare([large]).disagreements
    assert found.lines == (
        "baseline: the gate refuses by privileged; the official evaluator does not",
        "restricted: the gate refuses by privileged; the official evaluator does not",
    )
    small = shrink(found)
    assert small.pod["spec"] == {"containers": [{"securityContext": {"privileged": True}}]}
    written = write(small, tmp_path).read_text()
    assert written.startswith("# baseline: the gate refuses by privileged")
    assert yaml.safe_load(written) == small.pod


def test_reductions_are_one_step_smaller() -> None:
    """Each leaves one key or item out, at any depth."""
    assert list(reductions({"a": [1, {"b": 2}]})) == [
        {},
        {"a": [{"b": 2}]},
        {"a": [1]},
        {"a": [1, {}]},
    ]


def test_the_same_seed_makes_the_same_pods() -> None:
    """A run can be repeated."""
    assert generate(20, 5) == generate(20, 5)
    assert generate(20, 5) != generate(20, 6)
