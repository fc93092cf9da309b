"""Applies objects by server-side apply, tells which changed, and prunes what an earlier deployment left.

https://kubernetes.io/docs/reference/using-api/server-side-apply/
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubernetes import config
from kubernetes.client import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import ResourceNotFoundError

from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FIELD_MANAGER = "ballotbox"
LABEL = "app.kubernetes.io/part-of=ballotbox"
# What a deployment may leave behind when a manifest goes. Never claims, for they are the data; never Jobs, which are
# started by hand; never what controllers make of these.
_PRUNED = (
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("v1", "Service"),
    ("v1", "ConfigMap"),
    ("v1", "Secret"),
    ("v1", "ServiceAccount"),
    ("v1", "ResourceQuota"),
    ("v1", "LimitRange"),
    ("policy/v1", "PodDisruptionBudget"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "IngressClass"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
)
_HTTP_NOT_FOUND = 404
_HTTP_UNPROCESSABLE = 422


@dataclass(frozen=True)
class Change:
    """One object that is not what it was before.

    Attributes:
        action: "created", "changed" or "removed".
        kind: The object's kind.
        name: The object's name.
    """

    action: str
    kind: str
    name: str

    def __str__(self) -> str:
        """Give it as a line of a report."""
        return f"{self.action} {self.kind} {self.name}"


class Api:
    """The API server of one cluster, for objects of any kind."""

    def __init__(self, kubeconfig: Path, cache: Path) -> None:
        client = config.new_client_from_config(str(kubeconfig))  # type: ignore[no-untyped-call]  # kubernetes publishes no types
        self._client = DynamicClient(client, cache_file=str(cache))  # type: ignore[no-untyped-call]  # as above

    def apply(self, wanted: dict[str, Any]) -> Change | None:
        """Make an object what it should be; return the change, or None where it was so already.

        Raises:
            UserError: The API server refused; the message has its words.
        """
        resource = self._resource(wanted["apiVersion"], wanted["kind"])
        where = {"name": wanted["metadata"]["name"], "namespace": wanted["metadata"].get("namespace")}
        before = self._get(resource, where)
        try:
            after = resource.server_side_apply(
                body=wanted, field_manager=FIELD_MANAGER, force_conflicts=True, **where
            ).to_dict()
        except ApiException as error:
            raise UserError(_refusal(wanted, error)) from None
        if before is None:
            return Change("created", wanted["kind"], where["name"])
        return None if content(before) == content(after) else Change("changed", wanted["kind"], where["name"])

    def prune(self, wanted: Iterable[dict[str, Any]]) -> list[Change]:
        """Remove what an earlier deployment applied and this one does not."""
        kept = {_identity(each) for each in wanted}
        changes = []
        for version, kind in _PRUNED:
            resource = self._resource(version, kind)
            for found in self.objects(version, kind, label_selector=LABEL):
                found |= {"apiVersion": version, "kind": kind}
                if applied_by_us(found) and _identity(found) not in kept:
                    metadata = found["metadata"]
                    resource.delete(name=metadata["name"], namespace=metadata.get("namespace"))
                    changes.append(Change("removed", kind, metadata["name"]))
        return changes

    def objects(self, version: str, kind: str, **query: Any) -> list[dict[str, Any]]:
        """Return the objects of a kind, in one namespace (`namespace=`) or in all."""
        return [dict(each) for each in self._resource(version, kind).get(**query).to_dict()["items"]]

    def delete(self, version: str, kind: str, name: str, namespace: str) -> None:
        """Remove an object and what depends on it; it is no error if there is none."""
        try:
            self._resource(version, kind).delete(
                name=name, namespace=namespace, body={"propagationPolicy": "Foreground"}
            )
        except ApiException as error:
            if error.status != _HTTP_NOT_FOUND:
                raise UserError(f"{kind} {namespace}/{name}: cannot be removed: {_words(error)}") from None

    def _resource(self, version: str, kind: str) -> Any:
        try:
            return self._client.resources.get(api_version=version, kind=kind)
        except ResourceNotFoundError:
            raise UserError(
                f"{kind} ({version}): this cluster does not know it; Ballotbox needs Kubernetes 1.30 or newer"
            ) from None

    @staticmethod
    def _get(resource: Any, where: dict[str, Any]) -> dict[str, Any] | None:
        try:
            return dict(resource.get(**where).to_dict())
        except ApiException as error:
            if error.status == _HTTP_NOT_FOUND:
                return None
            raise UserError(f"{resource.kind} {where['name']}: cannot be read: {_words(error)}") from None


def content(live: dict[str, Any]) -> dict[str, Any]:
    """Return what people wrote of an object, without what the API server and controllers keep at it."""
    metadata = {key: live["metadata"].get(key) for key in ("name", "namespace", "labels", "annotations")}
    annotations = metadata["annotations"] or {}
    metadata["annotations"] = {key: value for key, value in annotations.items() if "kubernetes.io/" not in key}
    rest = {key: value for key, value in live.items() if key not in {"metadata", "status"}}
    return {"metadata": metadata, **rest}


def applied_by_us(live: dict[str, Any]) -> bool:
    """Tell whether a deployment applied the object, and not a person or a test."""
    return any(
        entry.get("manager") == FIELD_MANAGER and entry.get("operation") == "Apply"
        for entry in live["metadata"].get("managedFields") or ()
    )


def _identity(each: dict[str, Any]) -> tuple[str, str | None, str]:
    return each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]


def _refusal(wanted: dict[str, Any], error: ApiException) -> str:
    metadata = wanted["metadata"]
    name = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    said = f"{wanted['kind']} {name}: the API server refused it: {_words(error)}"
    if error.status == _HTTP_UNPROCESSABLE and "immutable" in said:
        said += "; what cannot be changed needs a new cluster (`./nox -s down`, then `up`) or the object's removal"
    return said


def _words(error: ApiException) -> str:
    try:
        return str(json.loads(error.body or "")["message"])
    except (TypeError, ValueError, KeyError):
        return f"HTTP {error.status} {error.reason}"
