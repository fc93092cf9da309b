"""Tells which workloads are not ready yet and why: from what the API server says to one line a workload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_SHORT = 160


@dataclass(frozen=True)
class Snapshot:
    """What the API server says at one moment, as plain objects.

    Attributes:
        workloads: Deployments and StatefulSets.
        pods: All pods of their namespaces.
        events: All events of their namespaces.
    """

    workloads: list[dict[str, Any]]
    pods: list[dict[str, Any]]
    events: list[dict[str, Any]]


def unready(snapshot: Snapshot) -> list[str]:
    """Return one line for each workload that is not as it should be; none means that every pod is Ready.

    A pod of the release before serves visitors while it ends: until it is gone, the new release is not all there is.
    """
    lines = []
    for workload in snapshot.workloads:
        wanted, ready = workload["spec"].get("replicas", 1), ready_replicas(workload)
        if ready < wanted or not settled(workload) or any(map(is_ending, _pods(workload, snapshot))):
            reason = next(iter(_reasons(workload, snapshot)), "no pod yet")
            lines.append(f"{workload['metadata']['name']} {ready}/{wanted} ({reason})")
    return lines


def settled(workload: dict[str, Any]) -> bool:
    """Tell whether the controller has seen the newest specification, and every replica is of it."""
    status, wanted = workload.get("status") or {}, workload["spec"].get("replicas", 1)
    return bool(
        status.get("observedGeneration", 0) >= workload["metadata"]["generation"]
        and status.get("updatedReplicas", 0) >= wanted
        and status.get("replicas", 0) == wanted
    )


def ready_replicas(workload: dict[str, Any]) -> int:
    """Return how many replicas are Ready."""
    return int((workload.get("status") or {}).get("readyReplicas") or 0)


def _pods(workload: dict[str, Any], snapshot: Snapshot) -> list[dict[str, Any]]:
    selector = workload["spec"]["selector"]["matchLabels"]
    namespace = workload["metadata"]["namespace"]
    return [
        pod
        for pod in snapshot.pods
        if pod["metadata"]["namespace"] == namespace
        and selector.items() <= (pod["metadata"].get("labels") or {}).items()
    ]


def _reasons(workload: dict[str, Any], snapshot: Snapshot) -> list[str]:
    pods = [pod for pod in _pods(workload, snapshot) if is_ending(pod) or not is_ready(pod)]
    # A pod that is leaving says the least.
    pods.sort(key=is_ending)
    reasons = [f"pod {pod['metadata']['name']}: {pod_reason(pod, snapshot.events)}" for pod in pods]
    refused = [
        condition.get("message", "")
        for condition in (workload.get("status") or {}).get("conditions") or ()
        if condition["type"] == "ReplicaFailure" and condition["status"] == "True"
    ]
    made_by = [_last_event(workload["metadata"]["name"], snapshot.events)]
    return [*reasons, *map(_shorten, refused), *filter(None, made_by)]


def is_ending(pod: dict[str, Any]) -> bool:
    """Tell whether a pod was deleted and is not gone yet."""
    return "deletionTimestamp" in pod["metadata"]


def is_ready(pod: dict[str, Any]) -> bool:
    """Tell whether a pod is Ready."""
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def pod_reason(pod: dict[str, Any], events: list[dict[str, Any]]) -> str:
    """Return why a pod is not Ready: what its containers say, else the scheduler, else its last event."""
    if is_ending(pod):
        return "is ending"
    status = pod.get("status") or {}
    for container in [*(status.get("initContainerStatuses") or ()), *(status.get("containerStatuses") or ())]:
        said = _container_reason(container)
        if said:
            return _shorten(f"{container['name']}: {said}")
    for condition in status.get("conditions") or ():
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            return _shorten(condition.get("message") or "not scheduled")
    return _last_event(pod["metadata"]["name"], events) or status.get("phase", "unknown")


def _container_reason(container: dict[str, Any]) -> str | None:
    state = container.get("state") or {}
    waiting = state.get("waiting")
    ended = state.get("terminated") or (container.get("lastState") or {}).get("terminated")
    if waiting and waiting.get("reason") not in {"PodInitializing", "ContainerCreating"}:
        died = f", last exit code {ended['exitCode']}" if ended else ""
        message = f": {waiting['message']}" if waiting.get("message") else ""
        return f"{waiting.get('reason', 'waiting')}{died}{message}"
    if ended and ended.get("exitCode"):
        return f"exit code {ended['exitCode']}"
    return None


def _last_event(name: str, events: list[dict[str, Any]]) -> str | None:
    about = [event for event in events if event["involvedObject"].get("name") == name]
    if not about:
        return None
    last = max(about, key=lambda event: (event.get("lastTimestamp") or event.get("eventTime") or "", event["type"]))
    return _shorten(f"{last.get('reason', '')}: {last.get('message', '')}")


def _shorten(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHORT else f"{line[:_SHORT]}…"
