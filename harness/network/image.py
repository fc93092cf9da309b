"""The probe's image, present on the cluster that is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import images

if TYPE_CHECKING:
    from harness.cluster.manager import Manager


def probe_image(cluster: Manager) -> str:
    """Return the full name of the probe's image; it is built and loaded where that was not done yet."""
    built = images.build(["probe"])
    reference = built.reference("probe")
    nodes = cluster.kubectl(["get", "nodes"])["items"]
    if not all(_has(node, reference) for node in nodes):
        cluster.load_images(built.archive(["probe"]))
    return reference


def _has(node: dict[str, dict[str, list[dict[str, list[str]]]]], reference: str) -> bool:
    return any(reference in (image.get("names") or []) for image in node["status"].get("images", []))
