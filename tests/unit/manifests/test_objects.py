"""Facts about every object of every overlay."""

from __future__ import annotations

from typing import Any

CLUSTER_SCOPED = {"Namespace", "ClusterRole", "ClusterRoleBinding", "IngressClass"}
NAMESPACES = {"ballotbox", "ingress"}


def test_belongs_to_ballotbox(overlay: str, each: dict[str, Any]) -> None:
    """Every object wears the label by which it is found, and pruned."""
    where = f"{overlay}: {each['kind']} {each['metadata']['name']}"
    assert each["metadata"].get("labels", {}).get("app.kubernetes.io/part-of") == "ballotbox", where


def test_names_its_namespace(overlay: str, each: dict[str, Any]) -> None:
    """No object lands in whatever namespace is current."""
    where = f"{overlay}: {each['kind']} {each['metadata']['name']}"
    namespace = each["metadata"].get("namespace")
    assert (namespace is None) if each["kind"] in CLUSTER_SCOPED else (namespace in NAMESPACES), where


def test_is_no_secret(overlay: str, each: dict[str, Any]) -> None:
    """Secrets are made for each cluster; none is rendered."""
    assert each["kind"] != "Secret", f"{overlay}: Secret {each['metadata']['name']}"
