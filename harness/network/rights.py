"""What a label grants, and what keeps others from wearing it: labels are the identity that NetworkPolicies know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.located import at
from harness.network.intent import POD_KINDS, Kind
from harness.network.policies import objects

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.located import Place
    from harness.network.declared import Declared
    from harness.network.intent import Allowed, EndpointSpec, Intent

_WORKLOADS = "deployments replicasets statefulsets daemonsets jobs cronjobs replicationcontrollers podtemplates"
_MAKES_PODS = frozenset({"pods", *_WORKLOADS.split(), "*"})
_WRITES = frozenset({"create", "update", "patch", "*"})


@dataclass(frozen=True)
class Right:
    """What a pod gets by wearing an endpoint's labels in its namespace.

    Attributes:
        endpoint: The endpoint.
        namespace: Where the labels count.
        labels: The labels.
        reaches: What such a pod may call.
        reached_by: Who may call it.
    """

    endpoint: str
    namespace: str
    labels: str
    reaches: tuple[str, ...]
    reached_by: tuple[str, ...]


@dataclass(frozen=True)
class Guard:
    """Something that decides who may make a pod with a label: a grant to somebody, or an admission rule.

    Attributes:
        kind: `grant` if it lets an account make pods, `admission` if it judges pods that are made.
        what: What it allows or refuses, in words.
        place: Where it stands.
    """

    kind: str
    what: str
    place: Place


def rights(intent: Intent) -> list[Right]:
    """Return what the labels of each endpoint grant; as the intent was proved, this is what the policies grant."""
    found = []
    for spec in intent.endpoints.values():
        if spec.kind not in POD_KINDS or spec.kind is Kind.SCRATCH:
            continue
        reaches = tuple(
            _shown(allowed, allowed.destinations) for allowed in intent.allowed if spec.name in allowed.sources
        )
        reached_by = tuple(
            _shown(allowed, allowed.sources) for allowed in intent.allowed if spec.name in allowed.destinations
        )
        if reaches or reached_by:
            found.append(Right(spec.name, spec.namespace, _labels(spec), reaches, reached_by))
    return found


def guards(declared: Declared, intent: Intent) -> list[Guard]:
    """Return who may make pods in the governed namespaces, by the rendered manifests, and what judges such pods."""
    return [*_grants(declared, intent), *_admission(declared, intent)]


def _shown(allowed: Allowed, names: tuple[str, ...]) -> str:
    ports = "every port" if allowed.ports is None else ", ".join(map(str, allowed.ports))
    return f"{', '.join(names)} on {ports}"


def _labels(spec: EndpointSpec) -> str:
    return (
        ", ".join(f"{key}={value}" for key, value in (spec.labels or {}).items()) or "none: every pod of the namespace"
    )


def _manifests(declared: Declared) -> Iterator[tuple[dict[str, Any], Place]]:
    for document in declared.documents:
        for path in objects(document):
            yield at(document.data, path), document.place(*path)


def _grants(declared: Declared, intent: Intent) -> Iterator[Guard]:
    roles = {}
    for manifest, _ in _manifests(declared):
        if manifest.get("kind") in {"Role", "ClusterRole"}:
            metadata = manifest["metadata"]
            roles[manifest["kind"], metadata.get("namespace", ""), metadata["name"]] = manifest.get("rules") or []
    for manifest, place in _manifests(declared):
        if manifest.get("kind") not in {"RoleBinding", "ClusterRoleBinding"}:
            continue
        namespace = manifest["metadata"].get("namespace", "")
        if namespace and namespace not in intent.governed:
            continue
        reference = manifest["roleRef"]
        rules = roles.get((reference["kind"], namespace if reference["kind"] == "Role" else "", reference["name"]), [])
        granted = sorted(
            {
                resource
                for rule in rules
                if _WRITES & set(rule.get("verbs") or [])
                for resource in rule.get("resources") or []
            }
            & _MAKES_PODS
        )
        for subject in manifest.get("subjects") or []:
            if granted:
                where = f"in {namespace}" if namespace else "in every namespace"
                yield Guard(
                    "grant", f"{subject['kind']} {subject['name']} may write {', '.join(granted)} {where}", place
                )


def _admission(declared: Declared, intent: Intent) -> Iterator[Guard]:
    for manifest, place in _manifests(declared):
        name = manifest["metadata"]["name"] if isinstance(manifest.get("metadata"), dict) else ""
        if manifest.get("kind") == "ValidatingAdmissionPolicy":
            yield Guard("admission", f"ValidatingAdmissionPolicy {name} judges what is created", place)
        if manifest.get("kind") == "Namespace" and name in intent.governed:
            level = (manifest["metadata"].get("labels") or {}).get("pod-security.kubernetes.io/enforce")
            if level:
                refused = "no pod there can use the node's network, or be privileged"
                yield Guard("admission", f"Pod Security {level} is enforced in {name}: {refused}", place)
