"""Which workloads are not ready, and why."""

from __future__ import annotations

from typing import Any

import pytest

from harness.deploy.readiness import Snapshot, pod_reason, unready


def workload(**status: Any) -> dict[str, Any]:
    """Make a Deployment of two replicas, both up to date and Ready but for what is given."""
    whole = {"observedGeneration": 4, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2}
    return {
        "kind": "Deployment",
        "metadata": {"name": "vote", "namespace": "ballotbox", "generation": 4},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app.kubernetes.io/name": "vote"}}},
        "status": whole | status,
    }


def pod(name: str = "vote-1", *, ready: bool = False, ending: bool = False, **status: Any) -> dict[str, Any]:
    """Make a pod of the Deployment."""
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}, *status.pop("conditions", [])]
    metadata = {"name": name, "namespace": "ballotbox", "labels": {"app.kubernetes.io/name": "vote", "x": "y"}}
    if ending:
        metadata["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return {"metadata": metadata, "status": {"phase": "Pending", "conditions": conditions, **status}}


def event(about: str, reason: str, when: str) -> dict[str, Any]:
    """Make an event."""
    return {
        "involvedObject": {"name": about},
        "type": "Warning",
        "reason": reason,
        "message": f"{reason} happened",
        "lastTimestamp": when,
    }


def test_whole() -> None:
    """All replicas up to date and Ready: nothing is waited for."""
    assert unready(Snapshot([workload()], [pod(ready=True)], [])) == []


@pytest.mark.parametrize(
    "status",
    [
        {"readyReplicas": 1},
        {"readyReplicas": None},
        {"updatedReplicas": 1},
        {"replicas": 3},
        {"observedGeneration": 3},
    ],
    ids=str,
)
def test_not_whole(status: dict[str, Any]) -> None:
    """A replica that is not Ready, not up to date or one too many, or a controller that has not looked yet."""
    assert unready(Snapshot([workload(**status)], [], []))[0].startswith("vote ")


def test_old_release_that_still_serves() -> None:
    """A pod that ends is waited for, Ready or not, though all replicas are of the new release."""
    for ready in (True, False):
        pods = [pod("vote-1", ready=True), pod("vote-0", ready=ready, ending=True)]
        assert unready(Snapshot([workload()], pods, [])) == ["vote 2/2 (pod vote-0: is ending)"]


def test_nothing_seen_yet() -> None:
    """A workload that its controller has not looked at is not ready."""
    fresh = workload()
    fresh["status"] = None
    assert unready(Snapshot([fresh], [], [])) == ["vote 0/2 (no pod yet)"]


def test_names_the_pod_and_the_reason() -> None:
    """The line says how many are Ready, which pod is not, and what its container says."""
    crashed = {
        "name": "vote",
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s"}},
        "lastState": {"terminated": {"exitCode": 2}},
    }
    pods = [pod("vote-0", ready=True), pod("vote-1", containerStatuses=[crashed])]
    assert unready(Snapshot([workload(readyReplicas=1)], pods, [])) == [
        "vote 1/2 (pod vote-1: vote: CrashLoopBackOff, last exit code 2: back-off 10s)"
    ]


def test_other_pods_are_not_blamed() -> None:
    """Pods of other workloads or namespaces do not explain this one."""
    stranger = pod("other", containerStatuses=[{"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff"}}}])
    stranger["metadata"]["namespace"] = "elsewhere"
    assert unready(Snapshot([workload(readyReplicas=1)], [stranger], [])) == ["vote 1/2 (no pod yet)"]


def test_init_container_comes_first() -> None:
    """A pod that waits for its init container says so, not that the container behind it waits."""
    statuses: dict[str, Any] = {
        "initContainerStatuses": [{"name": "migrate", "state": {"terminated": {"exitCode": 1}}}],
        "containerStatuses": [{"name": "worker", "state": {"waiting": {"reason": "PodInitializing"}}}],
    }
    assert pod_reason(pod(**statuses), []) == "migrate: exit code 1"


def test_unscheduled() -> None:
    """A pod without a node gives the scheduler's words."""
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes: Insufficient cpu"}
    assert pod_reason(pod(conditions=[condition]), []) == "0/1 nodes: Insufficient cpu"


def test_last_event() -> None:
    """Where the containers say nothing the newest event does."""
    events = [
        event("vote-1", "FailedMount", "2026-01-01T00:00:02Z"),
        event("vote-1", "Scheduled", "2026-01-01T00:00:01Z"),
        event("vote-2", "Other", "2026-01-01T00:00:03Z"),
    ]
    assert pod_reason(pod(), events) == "FailedMount: FailedMount happened"
    assert pod_reason(pod(), []) == "Pending"


def test_refused_pod() -> None:
    """A pod that admission or the quota refused is told by the workload's own condition."""
    refused = {"type": "ReplicaFailure", "status": "True", "message": "exceeded quota: ballotbox"}
    lines = unready(Snapshot([workload(replicas=0, readyReplicas=0, conditions=[refused])], [], []))
    assert lines == ["vote 0/2 (exceeded quota: ballotbox)"]


def test_pod_that_ends_says_least() -> None:
    """A pod that is leaving is named only where there is no other."""
    pods = [pod("vote-0", ending=True), pod("vote-1")]
    assert "pod vote-1: Pending" in unready(Snapshot([workload(readyReplicas=1)], pods, []))[0]


def test_long_words_are_cut() -> None:
    """A line stays a line."""
    state = {"waiting": {"reason": "ErrImageNeverPull", "message": "word\n" * 200}}
    said = pod_reason(pod(containerStatuses=[{"name": "vote", "state": state}]), [])
    assert "\n" not in said
    assert len(said) < 200
