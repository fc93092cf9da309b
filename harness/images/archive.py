"""Writes images as one tar file that both containerd and Docker load: an OCI layout with Docker's manifest beside it.

Layers that images share are in it once. This is what `docker save` writes since Docker 25.
https://github.com/opencontainers/image-spec/blob/main/image-layout.md
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_REF_NAME = "org.opencontainers.image.ref.name"
# containerd takes the whole name from here; the specification's own annotation may be a bare tag.
_CONTAINERD_NAME = "io.containerd.image.name"


@dataclass(frozen=True)
class Entry:
    """One image of a layout.

    Attributes:
        reference: Its full name with its tag.
        descriptor: What index.json says of it.
        config: The digest of its configuration.
        layers: The digests of its layers, lowest first.
        size_bytes: What the layers unpack to, more or less: their tar files, which are not compressed.
    """

    reference: str
    descriptor: dict[str, Any]
    config: str
    layers: tuple[str, ...]
    size_bytes: int

    @property
    def blobs(self) -> tuple[str, ...]:
        """Every digest that belongs to the image."""
        return (self.descriptor["digest"], self.config, *self.layers)


def read_layout(layout: Path) -> dict[str, Entry]:
    """Read the images of an OCI layout by reference; a folder that is not there yet has none."""
    index = layout / "index.json"
    if not index.exists():
        return {}
    entries = [_entry(layout, descriptor) for descriptor in json.loads(index.read_text())["manifests"]]
    return {entry.reference: entry for entry in entries}


def add_image(layout: Path, reference: str, folder: Path) -> None:
    """Move an image into a layout.

    Args:
        layout: The OCI layout, made where it is not there yet.
        reference: The image's full name; an image that had it before loses it.
        folder: The image's blobs, named by their digests, and its manifest.json (buildah's transport `dir:`).
    """
    data = (folder / "manifest.json").read_bytes()
    manifest = json.loads(data)
    digests = [manifest["config"]["digest"], *(layer["digest"] for layer in manifest["layers"])]
    digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
    (layout / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    for each in digests:
        (folder / each.rpartition(":")[2]).replace(blob(layout, each))
    blob(layout, digest).write_bytes(data)
    descriptor = {
        "mediaType": manifest["mediaType"],
        "digest": digest,
        "size": len(data),
        "annotations": {_REF_NAME: reference},
    }
    others = [entry.descriptor for entry in read_layout(layout).values() if entry.reference != reference]
    _write_index(layout, [*others, descriptor])


def _write_index(layout: Path, descriptors: list[dict[str, Any]]) -> None:
    unfinished = layout / "index.unfinished"
    unfinished.write_text(json.dumps({"schemaVersion": 2, "manifests": descriptors}))
    unfinished.replace(layout / "index.json")


def _entry(layout: Path, descriptor: dict[str, Any]) -> Entry:
    manifest = json.loads(blob(layout, descriptor["digest"]).read_text())
    return Entry(
        reference=descriptor["annotations"][_REF_NAME],
        descriptor=descriptor,
        config=manifest["config"]["digest"],
        layers=tuple(layer["digest"] for layer in manifest["layers"]),
        size_bytes=sum(layer["size"] for layer in manifest["layers"]),
    )


def blob(layout: Path, digest: str) -> Path:
    """Return the file of a digest such as "sha256:12ab"."""
    algorithm, _, value = digest.partition(":")
    return layout / "blobs" / algorithm / value


def keep_only(layout: Path, references: Iterable[str]) -> None:
    """Drop the images that are not among `references` from a layout, and every blob that no image needs."""
    wanted = set(references)
    entries = [entry for entry in read_layout(layout).values() if entry.reference in wanted]
    _write_index(layout, [entry.descriptor for entry in entries])
    needed = {blob(layout, digest) for entry in entries for digest in entry.blobs}
    for path in layout.glob("blobs/*/*"):
        if path not in needed:
            path.unlink()


def write(layout: Path, references: Iterable[str], archive: Path) -> None:
    """Write some images of a layout into `archive`, which appears only when it is complete.

    Raises:
        UserError: The layout has not all of them.
    """
    there = read_layout(layout)
    references = list(references)
    gone = [reference for reference in references if reference not in there]
    if gone:
        raise UserError(
            f"image {', '.join(gone)}: not built, or replaced by a newer one meanwhile; `./nox -s up` builds it"
        )
    entries = [there[reference] for reference in references]
    manifests = [
        {
            **entry.descriptor,
            "annotations": {_CONTAINERD_NAME: entry.reference, _REF_NAME: entry.reference.rpartition(":")[2]},
        }
        for entry in entries
    ]
    docker = [
        {
            "Config": _path(entry.config),
            "RepoTags": [entry.reference],
            "Layers": [_path(layer) for layer in entry.layers],
        }
        for entry in entries
    ]
    archive.parent.mkdir(parents=True, exist_ok=True)
    unfinished = archive.with_suffix(".unfinished")
    with tarfile.open(unfinished, "w") as tar:
        _add(tar, "oci-layout", {"imageLayoutVersion": "1.0.0"})
        _add(tar, "index.json", {"schemaVersion": 2, "manifests": manifests})
        _add(tar, "manifest.json", docker)
        for digest in dict.fromkeys(digest for entry in entries for digest in entry.blobs):
            tar.add(blob(layout, digest), _path(digest), recursive=False)
    unfinished.replace(archive)


def _path(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/', 1)}"


def _add(tar: tarfile.TarFile, name: str, content: Any) -> None:
    data = json.dumps(content).encode()
    member = tarfile.TarInfo(name)
    member.size = len(data)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(data))
