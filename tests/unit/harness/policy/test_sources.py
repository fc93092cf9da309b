"""Tracing rendered fields to their source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.located import Place
from harness.policy.sources import SourceIndex

if TYPE_CHECKING:
    from pathlib import Path

BASE = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: first
          image: a:1
        - name: second
          image: b:1
          resources:
            limits: {cpu: 1}
"""
PATCH = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  template:
    spec:
      containers:
        - name: second
          image: b:2
"""
RENDERED = {
    "kind": "Deployment",
    "metadata": {"name": "app"},
    "spec": {"template": {"spec": {"containers": [{"name": "first"}, {"name": "second", "image": "b:2"}]}}},
}
SECOND = ("spec", "template", "spec", "containers", 1)


@pytest.fixture
def index(tmp_path: Path) -> SourceIndex:
    """An overlay with a patch of one container, over a base with a generated ConfigMap."""
    for name, text in {
        "base/kustomization.yaml": "resources: [app.yaml]\nconfigMapGenerator:\n  - name: settings\n",
        "base/app.yaml": BASE,
        "overlay/kustomization.yaml": "resources: [../base]\npatches:\n  - path: patch.yaml\n",
        "overlay/patch.yaml": PATCH,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return SourceIndex(tmp_path / "overlay", tmp_path)


def test_a_patched_field_is_the_patchs(index: SourceIndex) -> None:
    """Whoever says it last is who has to change it; a list item is found by its name, not its place."""
    assert index.place(RENDERED, (*SECOND, "image")) == Place("overlay/patch.yaml", 9)


def test_a_field_that_no_patch_says_is_the_bases(index: SourceIndex) -> None:
    """The source that has most of the path is the one."""
    assert index.place(RENDERED, (*SECOND, "resources", "limits", "cpu")) == Place("base/app.yaml", 14)


def test_an_absent_field_leads_to_where_it_belongs(index: SourceIndex) -> None:
    """What nobody says is to be added to the nearest parent."""
    assert index.place(RENDERED, ("spec", "strategy")).file == "overlay/patch.yaml"
    assert index.place(RENDERED, (*SECOND, "resources", "requests")) == Place("base/app.yaml", 13)


def test_a_generated_object_is_its_generators(index: SourceIndex) -> None:
    """The name with a hash leads to the generator's entry."""
    rendered = {"kind": "ConfigMap", "metadata": {"name": "settings-7c5c2d4k2m"}}
    assert index.place(rendered, ("data", "a")) == Place("base/kustomization.yaml", 3)


def test_an_unknown_object_is_the_overlays(index: SourceIndex) -> None:
    """Where nothing is found, the kustomization is."""
    assert index.place({"kind": "Service", "metadata": {"name": "x"}}, ()) == Place("overlay/kustomization.yaml", 1)
