"""Gives the rendered manifests: once for all tests of this folder."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from harness import manifests

OVERLAYS = ("embedded", "minikube", "external", "production")
SEEDS = ("seed",)


@functools.cache
def rendered(name: str) -> tuple[dict[str, Any], ...]:
    """Return the objects of an overlay, or of the seed."""
    folder = (manifests.MANIFESTS if name in SEEDS else manifests.OVERLAYS) / name
    return tuple(manifests.parse(manifests.render(folder)))


def described(overlay: str, each: dict[str, Any]) -> str:
    """Name an object the way an assertion's message does."""
    return f"{overlay}: {each['kind']} {each['metadata']['name']}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrise over the objects of every overlay: all, those with a pod template, or each container."""
    ours = [(name, each) for name in (*OVERLAYS, *SEEDS) for each in rendered(name)]
    pods = [(name, each) for name, each in ours if "template" in each.get("spec", {})]
    if "each" in metafunc.fixturenames:
        metafunc.parametrize(("overlay", "each"), ours, ids=[described(*pair) for pair in ours])
    elif "workload" in metafunc.fixturenames:
        metafunc.parametrize(("overlay", "workload"), pods, ids=[described(*pair) for pair in pods])
    elif "container" in metafunc.fixturenames:
        found = [
            (f"{described(name, each)}, container {container['name']}", kind, container)
            for name, each in pods
            for kind in ("initContainers", "containers")
            for container in each["spec"]["template"]["spec"].get(kind, ())
        ]
        metafunc.parametrize(("where", "kind", "container"), found, ids=[where for where, _, _ in found])
    elif "overlay" in metafunc.fixturenames:
        metafunc.parametrize("overlay", OVERLAYS)


@pytest.fixture
def objects(overlay: str) -> tuple[dict[str, Any], ...]:
    """Give all objects of an overlay."""
    return rendered(overlay)


@pytest.fixture
def objects_of_production() -> tuple[dict[str, Any], ...]:
    """Give all objects of the overlay for production."""
    return rendered("production")
