"""Clusters that somebody else made: a kubeconfig leads there, and Ballotbox neither makes nor deletes them.

What such a cluster has to bring: a CNI that enforces NetworkPolicy (Calico, Cilium; not every one does, and the network
suite's canary stops the run where it does not), a default StorageClass, and nodes that can get the images.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from harness import prerequisites
from harness.cluster import archives
from harness.cluster.forwarding import Forwarding, open_pages
from harness.cluster.manager import NAMESPACE, OLDEST_KUBERNETES, Endpoints, Manager
from harness.errors import UserError
from harness.waiting import WaitError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_kubernetes.options import ClusterOptions

_REACH_TIMEOUT_S = 10
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


class ExternalManager(Manager):
    """The cluster of a kubeconfig's current context."""

    provider: ClassVar[str] = "external"

    def default_kubeconfig(self) -> Path:
        """Return the kubeconfig that was chosen.

        Raises:
            UserError: None was; the person's own default is never taken, for it may be production.
        """
        if self.settings.kubeconfig is None:
            raise UserError(
                "--cluster external needs --kubeconfig FILE (or BALLOTBOX_KUBECONFIG): which cluster is meant?"
            )
        return self.settings.kubeconfig

    def find_kubectl(self) -> Path:
        """Return the kubectl on PATH, or the pinned one."""
        return prerequisites.find("kubectl") or super().find_kubectl()

    def create(
        self, cluster_options: ClusterOptions | None = None, timeout: int = _REACH_TIMEOUT_S, **kwargs: Any
    ) -> None:
        """Look whether the cluster can be reached and has what Ballotbox needs.

        Raises:
            UserError: It cannot, or has not; each lack is named.
        """
        super().create(cluster_options, timeout, **kwargs)
        lacks = unsuitable(self.version(), self.kubectl(["get", "storageclasses"]), self.kubectl(["get", "nodes"]))
        if lacks:
            raise UserError(f"cluster of {self.kubeconfig}: {'; '.join(lacks)}")

    def load_images(self, archive: Path) -> None:
        """Look whether the nodes have an archive's images; nothing can be loaded into somebody else's nodes."""
        names = archives.image_names(archive)
        nodes = self.kubectl(["get", "nodes"])["items"]
        for node in nodes:
            there = {
                archives.full_name(name)
                for image in node["status"].get("images", ())
                for name in image.get("names", ())
            }
            if absent := [name for name in names if name not in there]:
                raise UserError(
                    f"node {node['metadata']['name']} has no image {', '.join(absent)}, and external nodes "
                    f"cannot be loaded; push {archive} to a registry that they pull from, or import it there"
                )

    def endpoints(self) -> Endpoints:
        """Return the pages' addresses, forwarding the two ports of localhost if that is not done yet."""
        return open_pages(self.settings, Forwarding(self.settings.state, self.kubectl_argv()))

    def delete(self) -> None:
        """End port forwarding and forget the cluster, which itself is left alone.

        Raises:
            UserError: Always, unless `create` found the cluster there in this process: whoever asks for a deletion
                must not believe that there was one.
        """
        Forwarding(self.settings.state, []).stop()
        self.settings.forget()
        if self._created:
            self._on_delete()

    def _on_create(self, cluster_options: ClusterOptions, **kwargs: Any) -> None:  # noqa: ARG002  # the protocol's
        """Give a server that was not ready at once the time to become so."""
        try:
            self.wait_ready(_REACH_TIMEOUT_S)
        except WaitError as error:
            raise UserError(
                f"cluster of {self.kubeconfig}: cannot be reached; check the file and the network: {error}"
            ) from None

    def _on_delete(self) -> None:
        raise UserError(
            f"cluster of {self.kubeconfig}: an external cluster is not deleted; to remove the platform from it, "
            f"run `kubectl --kubeconfig {self.kubeconfig} delete namespace {NAMESPACE}`"
        )


def unsuitable(version: tuple[int, int], storage_classes: Mapping[str, Any], nodes: Mapping[str, Any]) -> list[str]:
    """Return what a cluster lacks, each with its remedy.

    Args:
        version: The server's version.
        storage_classes: The list of StorageClasses, as kubectl gives it.
        nodes: The list of nodes.
    """
    lacks = []
    if version < OLDEST_KUBERNETES:
        needed = ".".join(map(str, OLDEST_KUBERNETES))
        lacks.append(f"Kubernetes {version[0]}.{version[1]} is too old, upgrade it to {needed} at least")
    annotations = [item["metadata"].get("annotations", {}) for item in storage_classes["items"]]
    if not any(found.get(_DEFAULT_CLASS) == "true" for found in annotations):
        lacks.append(f"no default StorageClass, annotate one with {_DEFAULT_CLASS}=true")
    if not any(_is_ready(node) for node in nodes["items"]):
        names = ", ".join(node["metadata"]["name"] for node in nodes["items"])
        lacks.append(f"no node is Ready (found {names or 'none'}), `kubectl describe nodes` says why")
    return lacks


def _is_ready(node: Mapping[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", ())
    return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
