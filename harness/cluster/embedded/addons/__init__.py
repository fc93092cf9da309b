"""What is applied to a fresh cluster: roles, Calico's resources, DNS, storage."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from harness import programs
from harness.cluster.embedded import configuration

if TYPE_CHECKING:
    from harness.cluster.embedded.layout import Layout
    from harness.cluster.manager import Manager

_FOLDER = Path(__file__).parent
_CRD_KIND = "customresourcedefinitions.apiextensions.k8s.io"


def apply(cluster: Manager, layout: Layout, *, coredns_image: str, helper_image: str) -> None:
    """Apply all that a fresh cluster needs before its first workload, as the bootstrap, which needs no role for it."""
    bootstrap = ("--kubeconfig", str(layout.kubeconfigs / "bootstrap"))
    definitions = sorted((programs.ensure("calico")["calico"] / "crd").glob("*.yaml"))
    documents = [
        (_FOLDER / "rbac.yaml").read_text(),
        *(path.read_text() for path in definitions),
        (_FOLDER / "storage.yaml").read_text(),
        yaml.safe_dump(_local_path_config(layout, helper_image)),
        (_FOLDER / "dns.yaml").read_text().replace("image: ballotbox/coredns", f"image: {coredns_image}"),
    ]
    _apply(cluster, "\n---\n".join(documents), *bootstrap)
    cluster.kubectl(
        [*bootstrap, "wait", "--for=condition=Established", _CRD_KIND, "--all", "--timeout=30s"], as_dict=False
    )
    _apply(cluster, (_FOLDER / "calico.yaml").read_text(), *bootstrap)


def _apply(cluster: Manager, manifests: str, *options: str) -> None:
    cluster.kubectl([*options, "apply", "--server-side", "-f", "-"], as_dict=False, stdin=manifests)


def _local_path_config(layout: Layout, helper_image: str) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "local-path-config", "namespace": "local-path-storage"},
        "data": configuration.local_path(layout, helper_image),
    }
