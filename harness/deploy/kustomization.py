"""Writes the kustomization of one cluster: an overlay, the images that were built, and this cluster's settings."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# What a manifest calls an image, up to its last part.
PLACEHOLDER = "ballotbox"
CHECKSUM = "checksum/secrets"
_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Job"})


def write(folder: Path, resource: Path, images: Mapping[str, str], settings: Mapping[str, str]) -> None:
    """Write `folder`/kustomization.yaml.

    Args:
        folder: Where; below the cluster's state.
        resource: The overlay (or another kustomization) that is deployed.
        images: Full references with tags, by the name after "ballotbox/".
        settings: Keys of the ConfigMap `ballotbox` that this cluster has otherwise.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    content: dict[str, Any] = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        # kustomize takes no absolute path; both are resolved, for it follows links before it compares.
        "resources": [os.path.relpath(resource.resolve(), folder.resolve())],
        "images": [
            {
                "name": f"{PLACEHOLDER}/{name}",
                "newName": reference.rpartition(":")[0],
                "newTag": reference.rpartition(":")[2],
            }
            for name, reference in images.items()
        ],
    }
    if settings:
        content["configMapGenerator"] = [
            {
                "name": "ballotbox",
                "namespace": "ballotbox",
                "behavior": "merge",
                "literals": [f"{key}={value}" for key, value in settings.items()],
            }
        ]
    (folder / "kustomization.yaml").write_text(
        "# Written by every deployment; a change made here does not last.\n" + yaml.safe_dump(content, sort_keys=False)
    )


def stamp(objects: list[dict[str, Any]], secrets: list[dict[str, Any]]) -> None:
    """Note at each pod template the hash of the Secrets it uses: its pods roll when one changes, and only then."""
    data = {secret["metadata"]["name"]: secret["data"] for secret in secrets}
    for workload in objects:
        if workload["kind"] not in _WORKLOADS:
            continue
        template = workload["spec"]["template"]
        used = {name: data[name] for name in sorted(set(secret_names(template["spec"]))) if name in data}
        if used:
            digest = hashlib.sha256(json.dumps(used, sort_keys=True).encode()).hexdigest()[:16]
            metadata = template.setdefault("metadata", {})
            metadata.setdefault("annotations", {})[CHECKSUM] = digest


def secret_names(node: Any) -> Iterator[str]:
    """Yield the names of the Secrets that a pod's specification mentions, wherever that is."""
    if isinstance(node, list):
        for item in node:
            yield from secret_names(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in {"secretRef", "secretKeyRef"}:
                yield value["name"]
            elif key == "secret" and isinstance(value, dict):
                yield value.get("secretName") or value["name"]
            else:
                yield from secret_names(value)
