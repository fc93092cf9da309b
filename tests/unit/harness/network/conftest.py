"""A small shop with its intent: a page that may call its database, and everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.network.declared import read_declared
from harness.network.intent_reader import parse_intent
from harness.network.matrix import actors, matrix

if TYPE_CHECKING:
    from harness.network.declared import Declared
    from harness.network.intent import Intent
    from harness.network.matrix import Cell

INTENT = """\
governed: [shop]
settings:
  pod-cidr: 10.244.0.0/16
  node: 192.0.2.10
  api-server: 192.0.2.10
  internet: 198.51.100.10
  metadata: 169.254.169.254
endpoints:
  page:
    workload: {namespace: shop, labels: {app: page}}
    closed: [81/TCP]
  data:
    workload: {namespace: shop, labels: {app: data}}
    closed: [5432/UDP]
    services: ["data.shop:5432 -> 5432/TCP"]
  elsewhere:
    scratch: {namespace: away, labels: {}}
    listens: [8080/TCP]
  node:
    node: node
    listens: [10250/TCP]
  internet:
    address: internet
    listens: [80/TCP]
  ours:
    pods: {namespace: shop, labels: {}}
  outsiders:
    outsiders: 0.0.0.0/0
allowed:
  - from: [outsiders]
    to: [page]
    ports: [80/TCP]
    reason: customers
  - from: [page]
    to: [data]
    ports: [5432/TCP]
    reason: orders
  - from: [node]
    to: [ours]
    ports: any
    reason: kubelet
providers:
  other:
    settings: {node: 192.0.2.99}
    endpoints:
      internet: {address: 203.0.113.5, listens: [443/TCP]}
"""
WORKLOADS = """\
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: page, namespace: shop}
spec:
  replicas: 2
  template:
    metadata: {labels: {app: page}}
    spec: {containers: [{name: page, ports: [{name: http, containerPort: 80}]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: data, namespace: shop}
spec:
  template:
    metadata: {labels: {app: data}}
    spec: {containers: [{name: data, ports: [{name: sql, containerPort: 5432}]}]}
---
"""
POLICIES = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: deny, namespace: shop}
spec:
  podSelector: {}
  policyTypes: [Ingress, Egress]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: page, namespace: shop}
spec:
  podSelector: {matchLabels: {app: page}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.244.0.0/16]}}]
      ports: [{port: 80}]
  egress:
    - to: [{podSelector: {matchLabels: {app: data}}}]
      ports: [{port: 5432}]
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: data, namespace: shop}
spec:
  podSelector: {matchLabels: {app: data}}
  policyTypes: [Ingress, Egress]
  ingress:
    - from: [{podSelector: {matchLabels: {app: page}}}]
      ports: [{port: 5432}]
"""


@pytest.fixture
def intent() -> Intent:
    """Give the shop's intent."""
    return parse_intent(INTENT, "intent.yaml")


@pytest.fixture
def declared() -> Declared:
    """Give the shop's manifests, whose policies say what the intent says."""
    return read_declared(WORKLOADS + POLICIES, "shop.yaml")


@pytest.fixture
def cells(intent: Intent, declared: Declared) -> list[Cell]:
    """Give the shop's full matrix."""
    return matrix(intent, actors(intent, declared))
