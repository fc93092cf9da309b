"""Wraps a pod in every kind that has a pod template."""

from __future__ import annotations

from typing import Any

from harness.policy.model import WORKLOAD_KINDS

# As in policies/lib/pods.rego; a test compares the two.
TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "PodTemplate": ("template",),
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}
_GROUPS = {"Job": "batch/v1", "CronJob": "batch/v1", "Pod": "v1", "PodTemplate": "v1", "ReplicationController": "v1"}


def wrap(kind: str, pod: dict[str, Any]) -> dict[str, Any]:
    """Return an object of a kind whose pods are this pod, metadata included."""
    metadata = dict(pod.get("metadata") or {})
    if kind == "Pod":
        return {"apiVersion": "v1", "kind": "Pod", **pod}
    template: Any = {"metadata": metadata, "spec": pod.get("spec")}
    for step in reversed(TEMPLATES[kind]):
        template = {step: template}
    return {
        "apiVersion": _GROUPS.get(kind, "apps/v1"),
        "kind": kind,
        "metadata": {"name": metadata.get("name", "pod"), "namespace": metadata.get("namespace", "ballotbox")},
        **template,
    }


def template_of(data: dict[str, Any]) -> Any:
    """Return the pod, or pod template, of an object; None where it has none.

    Args:
        data: An object of a kind in WORKLOAD_KINDS.
    """
    if data.get("kind") not in WORKLOAD_KINDS:
        return None
    template: Any = data
    for step in TEMPLATES[data["kind"]]:
        template = (template or {}).get(step)
    return template
