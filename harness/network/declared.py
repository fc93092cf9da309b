"""What rendered manifests declare for the network: namespaces, workloads and policies, each with its source's line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.located import Document, Place, at, parse
from harness.network.model import NAME_LABEL, NamedPort, Policy
from harness.network.policies import objects, read_policies

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from harness.network.model import Protocol

_TEMPLATES: dict[str, tuple[str, ...]] = {
    "Pod": (),
    "Deployment": ("spec", "template"),
    "ReplicaSet": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
    "DaemonSet": ("spec", "template"),
    "ReplicationController": ("spec", "template"),
    "Job": ("spec", "template"),
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
}


@dataclass(frozen=True)
class Workload:
    """A workload and the pods that it makes.

    Attributes:
        kind: Its kind.
        namespace: Its namespace.
        name: Its name.
        labels: Its pods' labels.
        ports: Its containers' ports; an unnamed one has an empty name.
        replicas: How many pods it makes.
        host_network: Whether they use the node's network.
        place: Where it stands.
    """

    kind: str
    namespace: str
    name: str
    labels: Mapping[str, str]
    ports: tuple[NamedPort, ...]
    replicas: int
    host_network: bool
    place: Place


@dataclass(frozen=True)
class Declared:
    """The network's part of a rendered overlay."""

    namespaces: Mapping[str, Mapping[str, str]]
    workloads: tuple[Workload, ...]
    policies: tuple[Policy, ...]
    documents: tuple[Document, ...]

    def namespace_labels(self, namespace: str) -> Mapping[str, str]:
        """Return a namespace's labels; the API server gives every namespace its name as a label."""
        return self.namespaces.get(namespace, {NAME_LABEL: namespace})


def read_declared(rendered: str, file: str, sources: Iterable[Path] = (), root: Path | None = None) -> Declared:
    """Read a rendered overlay.

    A policy is given the lines of the source file that says the same; one that an overlay patched keeps its own.

    Args:
        rendered: The YAML that would be applied.
        file: The name under which that text is shown.
        sources: YAML files that policies may come from.
        root: The folder that source names are shown relative to.

    Raises:
        MappingError: A document that the API server would refuse.
        UserError: There is nothing to judge.
    """
    documents = tuple(parse(rendered, file))
    policies = read_policies(documents)
    if not policies:
        raise UserError(f"{file}: expected NetworkPolicies, found none; without any, every flow passes")
    written: dict[Policy, Policy] = {}
    for source in sources:
        name = str(source.relative_to(root) if root else source)
        for policy in _policies_of_source(source.read_text(), name):
            written.setdefault(policy, policy)
    namespaces: dict[str, Mapping[str, str]] = {}
    workloads = []
    for document in documents:
        for path in objects(document):
            manifest = at(document.data, path)
            if manifest.get("kind") == "Namespace":
                name = str(manifest["metadata"]["name"])
                namespaces[name] = {**(manifest["metadata"].get("labels") or {}), NAME_LABEL: name}
            elif manifest.get("kind") in _TEMPLATES:
                workloads.append(_workload(manifest, document.place(*path)))
    return Declared(namespaces, tuple(workloads), tuple(written.get(policy, policy) for policy in policies), documents)


def _policies_of_source(text: str, name: str) -> tuple[Policy, ...]:
    if "NetworkPolicy" not in text:
        return ()
    documents = [document for document in parse(text, name) if isinstance(document.data, dict)]
    return read_policies(document for document in documents if document.data.get("kind") == "NetworkPolicy")


def _workload(manifest: dict[str, Any], place: Place) -> Workload:
    kind, metadata, spec = manifest["kind"], manifest["metadata"], manifest.get("spec") or {}
    template = manifest
    for step in _TEMPLATES[kind]:
        template = template[step]
    pod_spec = template.get("spec") or {}
    ports = []
    for container in pod_spec.get("containers") or []:
        for port in container.get("ports") or []:
            protocol: Protocol = port.get("protocol", "TCP")
            ports.append(NamedPort(str(port.get("name", "")), int(port["containerPort"]), protocol))
    return Workload(
        kind=kind,
        namespace=str(metadata.get("namespace", "default")),
        name=str(metadata["name"]),
        labels=(template.get("metadata") or {}).get("labels") or {},
        ports=tuple(ports),
        replicas=int(spec.get("replicas", 1)) if kind not in {"Pod", "Job", "CronJob", "DaemonSet"} else 1,
        host_network=bool(pod_spec.get("hostNetwork", False)),
        place=place,
    )
