"""Which manifests are judged: an overlay, rendered, with the lines of the files it came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import paths
from harness.errors import UserError
from harness.manifests import OVERLAYS, overlays, render
from harness.network.declared import read_declared

if TYPE_CHECKING:
    from harness.network.declared import Declared

DEFAULT_OVERLAY = "embedded"


def overlay_of(provider: str) -> str:
    """Return the overlay that a provider's cluster runs."""
    return provider if provider in overlays() else DEFAULT_OVERLAY


def declared_of(overlay: str) -> Declared:
    """Render an overlay and read what it declares.

    Raises:
        UserError: There is no such overlay, it does not render, or a policy of it would be refused.
    """
    if overlay not in overlays():
        raise UserError(f"--overlay: expected one of {', '.join(overlays())}, found {overlay!r}; name one of them")
    folder = OVERLAYS.parent
    sources = sorted(path for path in folder.rglob("*.yaml") if path.name != "kustomization.yaml")
    return read_declared(render(OVERLAYS / overlay), f"rendered {overlay}", sources, paths.ROOT)
