"""What labels grant, and who may make pods that wear them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.network.declared import read_declared
from harness.network.rights import guards, rights

from .conftest import POLICIES, WORKLOADS

if TYPE_CHECKING:
    from harness.network.intent import Intent

RBAC = """\
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: shop}
rules:
  - {apiGroups: [apps], resources: [deployments], verbs: [get, create]}
  - {apiGroups: [""], resources: [pods], verbs: [get, list]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: deployer, namespace: shop}
roleRef: {kind: Role, name: deployer}
subjects: [{kind: ServiceAccount, name: robot, namespace: ci}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: everything}
rules: [{apiGroups: ["*"], resources: ["*"], verbs: ["*"]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: boss}
roleRef: {kind: ClusterRole, name: everything}
subjects: [{kind: User, name: boss}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: elsewhere, namespace: away}
roleRef: {kind: ClusterRole, name: everything}
subjects: [{kind: User, name: stranger}]
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {pod-security.kubernetes.io/enforce: restricted}}
"""


def test_a_label_grants_what_the_intent_says(intent: Intent) -> None:
    """Each endpoint's labels are listed with what such a pod may reach and be reached by."""
    found = {right.endpoint: right for right in rights(intent)}
    assert found["page"].reaches == ("data on 5432/TCP",)
    assert found["page"].reached_by == ("outsiders on 80/TCP",)
    assert found["data"].reached_by == ("page on 5432/TCP",)
    assert found["ours"].reached_by == ("node on every port",)
    assert "elsewhere" not in found


def test_accounts_that_may_make_pods_are_named(intent: Intent) -> None:
    """Only grants to write pods or workloads, in a governed namespace or everywhere, are told."""
    found = guards(read_declared(WORKLOADS + POLICIES + RBAC, "shop.yaml"), intent)
    assert [guard.what for guard in found if guard.kind == "grant"] == [
        "ServiceAccount robot may write deployments in shop",
        "User boss may write * in every namespace",
    ]


def test_admission_is_named(intent: Intent) -> None:
    """What Pod Security refuses in a governed namespace is told."""
    found = guards(read_declared(WORKLOADS + POLICIES + RBAC, "shop.yaml"), intent)
    assert any(
        "Pod Security restricted is enforced in shop" in guard.what for guard in found if guard.kind == "admission"
    )
