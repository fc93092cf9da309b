"""What is applied to a fresh cluster: roles, Calico's resources, storage, DNS."""

from __future__ import annotations

import hashlib
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from harness import programs
from harness.cluster.embedded import configuration
from harness.cluster.embedded.api import NotServedError
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.cluster.embedded.api import Api
    from harness.cluster.embedded.layout import Layout
    from harness.images import ImageSet

_FOLDER = Path(__file__).parent
_DEFINED_TIMEOUT_S = 30.0
# libyaml's loader where PyYAML has it: Calico's definitions are long, and the machine is busy while they are read.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def objects(layout: Layout, images: ImageSet) -> Iterator[dict[str, Any]]:
    """Give roles, Calico's definitions and resources, storage and DNS, in the order to apply them."""
    yield from _documents(_FOLDER / "rbac.yaml")
    for definition in _calico_definitions():
        yield from _documents(definition)
    yield from _documents(_FOLDER / "storage.yaml")
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "local-path-config", "namespace": "local-path-storage"},
        "data": configuration.local_path(layout, images.reference("helper")),
    }
    # Before Calico's resources: a pod takes longer to start than they to be known.
    yield from _dns(images.reference("coredns"))
    yield from _documents(_FOLDER / "calico.yaml")


def digest(layout: Layout, images: ImageSet) -> str:
    """Return text that changes whenever what would be applied does, without parsing it: that takes its time."""
    state = hashlib.sha256()
    for file in (*sorted(_FOLDER.glob("*.yaml")), *_calico_definitions()):
        state.update(f"\0{file.name}\0".encode() + file.read_bytes())
    state.update(images.reference("coredns").encode())
    state.update(json.dumps(configuration.local_path(layout, images.reference("helper"))).encode())
    return state.hexdigest()


def _calico_definitions() -> list[Path]:
    return sorted((programs.homes("calico")["calico"] / "crd").glob("*.yaml"))


def _dns(image: str) -> Iterator[dict[str, Any]]:
    for document in _documents(_FOLDER / "dns.yaml"):
        if document["kind"] == "Deployment":
            document["spec"]["template"]["spec"]["containers"][0]["image"] = image
        yield document


def apply(api: Api, objects: Iterator[dict[str, Any]]) -> None:
    """Apply objects, each as soon as the server knows its kind: a definition takes a moment to be one.

    Raises:
        UserError: The server refused one, or does not know its kind after a while.
    """
    for each in objects:
        what = f"{each['kind']} {each['metadata']['name']}"
        wait_for(what, partial(_try, api, each), timeout_s=_DEFINED_TIMEOUT_S, interval_s=0.05)


def _try(api: Api, wanted: dict[str, Any]) -> Seen:
    try:
        api.apply(wanted)
    except NotServedError as error:
        return Seen(done=False, state=str(error))
    return Seen(done=True, state="applied")


def _documents(file: Path) -> Iterator[dict[str, Any]]:
    yield from filter(None, yaml.load_all(file.read_text(), Loader=_LOADER))
