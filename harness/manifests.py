"""Renders the manifests by kustomize, without a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from harness import paths, process, programs
from harness.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

MANIFESTS = paths.ROOT / "manifests"
OVERLAYS = MANIFESTS / "overlays"
_TIMEOUT_S = 60.0


def render(directory: Path, *, kustomize: Path | None = None) -> str:
    """Return what `kustomize build` makes of a folder: YAML documents, namespaces and what others need first.

    Args:
        directory: A folder with a kustomization.yaml.
        kustomize: The program; by default the pinned one, built where that was not done yet.

    Raises:
        UserError: The folder is no kustomization, or does not render; the message has kustomize's words.
    """
    if not (directory / "kustomization.yaml").is_file():
        raise UserError(f"{directory}: expected a folder with a kustomization.yaml; overlays: {', '.join(overlays())}")
    program = kustomize or programs.path("kustomize")
    return process.run([program, "build", directory], timeout_s=_TIMEOUT_S).stdout


def parse(text: str) -> list[dict[str, Any]]:
    """Parse rendered manifests into objects.

    Raises:
        UserError: A document is no Kubernetes object.
    """
    objects = [document for document in yaml.load_all(text, Loader=_LOADER) if document is not None]
    for position, document in enumerate(objects, start=1):
        if not isinstance(document, dict) or not {"apiVersion", "kind", "metadata"} <= set(document):
            raise UserError(f"rendered manifests: document {position} is no Kubernetes object: {str(document)[:80]}")
    return objects


def overlays() -> list[str]:
    """Return the names of the overlays."""
    return sorted(path.parent.name for path in OVERLAYS.glob("*/kustomization.yaml"))


# libyaml's parser where PyYAML was built with it: ten times as fast.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
