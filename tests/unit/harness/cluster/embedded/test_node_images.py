"""The node's image store: filled once by a real containerd with a tiny image, and linked into clusters."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
import platform
import shutil
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest

from harness import programs
from harness.cluster.embedded import node_images
from harness.errors import UserError
from harness.images import Image, ImageSet, archive

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces")
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
CONTENT = b"of a layer\n"


@dataclasses.dataclass(frozen=True)
class OneImage(ImageSet):
    """A set of one image whose archive is a file that is there."""

    file: Path = Path()

    def archive(self, names: object = None) -> Path:  # noqa: ARG002  # the original's
        """Return the file."""
        return self.file


def one_image(folder: Path, tag: str = "1") -> OneImage:
    """Make an image of one layer with one file."""
    folder.mkdir()
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        member = tarfile.TarInfo("file")
        member.size = len(CONTENT)
        tar.addfile(member, io.BytesIO(CONTENT))
    digest = f"sha256:{hashlib.sha256(layer.getvalue()).hexdigest()}"
    config = json.dumps(
        {"architecture": ARCHITECTURE, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [digest]}}
    ).encode()

    def blob(media_type: str, data: bytes) -> dict[str, Any]:
        value = hashlib.sha256(data).hexdigest()
        (folder / value).write_bytes(data)
        return {"mediaType": f"application/vnd.oci.image.{media_type}", "digest": f"sha256:{value}", "size": len(data)}

    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob("config.v1+json", config),
        "layers": [blob("layer.v1.tar", layer.getvalue())],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    reference = f"localhost/ballotbox/one:{tag}"
    archive.add_image(folder / "layout", reference, folder)
    archive.write(folder / "layout", [reference], folder / "one.tar")
    return OneImage({"one": Image("one", reference, 0)}, 0, 0.0, (), folder / "one.tar")


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OneImage:
    """An image, and a cache that holds nothing but containerd."""
    if programs.missing("containerd"):
        pytest.skip("containerd is not built; `./nox -s up` builds it")
    built = programs.homes("containerd")["containerd"]
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    home = programs.load()["containerd"].home()
    home.parent.mkdir(parents=True)
    home.symlink_to(built)
    return one_image(tmp_path / "image")


def layer_files(root: Path) -> list[Path]:
    """Return the unpacked layer's file, wherever the store has it."""
    return [path for path in root.glob("*/snapshots/*/fs/file") if path.read_bytes() == CONTENT]


def give(images: OneImage, root: Path) -> Path:
    """Give a cluster the store, and return where the store is."""
    node_images.give(images, root)
    return node_images._home(images)


def test_filled_once(images: OneImage) -> None:
    """The store has the image unpacked, is its owner's alone, and is not filled again."""
    assert node_images.missing(images)
    node_images.ensure(images)
    store = node_images._home(images)
    assert layer_files(store)
    assert stat.S_IMODE(store.parent.stat().st_mode) == 0o700
    assert not node_images.missing(images)
    images.file.unlink()
    node_images.ensure(images)


def test_other_images_take_its_place(images: OneImage, tmp_path: Path) -> None:
    """A set with another image is filled anew, and the one before goes; what a cluster was given stays."""
    root = tmp_path / "containerd"
    before = give(images, root)
    after = one_image(tmp_path / "other", "2")
    node_images.ensure(after)
    assert [store.is_dir() for store in (before, node_images._home(after))] == [False, True]
    assert layer_files(root)


def test_no_identity_is_shared(images: OneImage) -> None:
    """What a containerd is known by is not in the store."""
    node_images.ensure(images)
    assert list(node_images._home(images).rglob("uuid")) == []


def test_failure_leaves_nothing(images: OneImage) -> None:
    """An archive that is none is an error of one line, and no store is taken for whole."""
    images.file.write_text("no archive")
    with pytest.raises(UserError) as caught:
        node_images.ensure(images)
    assert "\n" not in str(caught.value)
    assert "Traceback" not in str(caught.value)
    assert node_images.missing(images)
    assert [path.name for path in node_images._home(images).parent.iterdir()] == ["lock"]


def test_files_are_shared_and_databases_are_not(images: OneImage, tmp_path: Path) -> None:
    """Layers are the same files; what containerd writes to is the cluster's own and private."""
    root = tmp_path / "containerd"
    store = give(images, root)
    assert layer_files(root)[0].samefile(layer_files(store)[0])
    databases = list(root.glob("*/*.db"))
    assert len(databases) == 2
    for ours in databases:
        theirs = store / ours.relative_to(root)
        assert ours.read_bytes() == theirs.read_bytes()
        assert not ours.samefile(theirs)
        assert stat.S_IMODE(ours.stat().st_mode) == 0o600


def test_other_file_system(images: OneImage) -> None:
    """Where no link can lead, files are copied."""
    elsewhere = Path("/dev/shm/ballotbox-unit-test")  # noqa: S108  # a file system of its own
    try:
        store = give(images, elsewhere)
        assert layer_files(elsewhere)
        assert not layer_files(elsewhere)[0].samefile(layer_files(store)[0])
    finally:
        shutil.rmtree(elsewhere, ignore_errors=True)
