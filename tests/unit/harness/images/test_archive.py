"""The archive that containerd and Docker load."""

from __future__ import annotations

import hashlib
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from harness.cluster.archives import image_names
from harness.errors import UserError
from harness.images import archive

if TYPE_CHECKING:
    from pathlib import Path


def image(folder: Path, *layers: str) -> Path:
    """Write an image as buildah's transport `dir:` does."""
    folder.mkdir()

    def blob(data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        (folder / digest).write_bytes(data)
        return f"sha256:{digest}"

    config = json.dumps({"architecture": "amd64", "layers": layers}).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"digest": blob(config), "size": len(config)},
        "layers": [{"digest": blob(layer.encode()), "size": len(layer)} for layer in layers],
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """Make a layout of two images that share a layer."""
    archive.add_image(tmp_path / "layout", "localhost/ballotbox/vote:1", image(tmp_path / "vote", "base", "vote"))
    archive.add_image(tmp_path / "layout", "localhost/ballotbox/redis:2", image(tmp_path / "redis", "base", "redis!"))
    return tmp_path / "layout"


def members(path: Path) -> dict[str, Any]:
    """Read a tar file: the JSON of its documents, None for blobs."""
    with tarfile.open(path) as tar:
        return {
            member.name: None if member.name.startswith("blobs/") else json.load(tar.extractfile(member))  # type: ignore[arg-type]
            for member in tar.getmembers()
        }


def test_layout(layout: Path) -> None:
    """A layout knows its images by name, with what they unpack to."""
    entries = archive.read_layout(layout)
    assert {name: entry.size_bytes for name, entry in entries.items()} == {
        "localhost/ballotbox/vote:1": 8,
        "localhost/ballotbox/redis:2": 10,
    }
    assert archive.read_layout(layout / "none") == {}


def test_shared_layers_are_written_once(layout: Path, tmp_path: Path) -> None:
    """The layer that both images have is in the archive once, and nothing is missing."""
    archive.write(layout, archive.read_layout(layout), tmp_path / "all.tar")
    with tarfile.open(tmp_path / "all.tar") as tar:
        blobs = [member.name for member in tar.getmembers() if member.name.startswith("blobs/")]
    assert len(blobs) == len(set(blobs)) == 2 + 2 + 3


def test_names_for_containerd_and_docker(layout: Path, tmp_path: Path) -> None:
    """Both find the full name, each where it looks; their paths lead to blobs of the archive."""
    archive.write(layout, ["localhost/ballotbox/vote:1"], tmp_path / "vote.tar")
    found = members(tmp_path / "vote.tar")
    assert found["oci-layout"] == {"imageLayoutVersion": "1.0.0"}
    annotations = found["index.json"]["manifests"][0]["annotations"]
    assert annotations["io.containerd.image.name"] == "localhost/ballotbox/vote:1"
    assert annotations["org.opencontainers.image.ref.name"] == "1"
    docker = found["manifest.json"][0]
    assert docker["RepoTags"] == ["localhost/ballotbox/vote:1"]
    assert {docker["Config"], *docker["Layers"]} <= set(found)
    assert image_names(tmp_path / "vote.tar") == ("localhost/ballotbox/vote:1",)


def test_keep_only(layout: Path) -> None:
    """An image that is not wanted any more goes with the blobs that nobody else needs."""
    archive.keep_only(layout, ["localhost/ballotbox/redis:2"])
    assert list(archive.read_layout(layout)) == ["localhost/ballotbox/redis:2"]
    assert len(list(layout.glob("blobs/sha256/*"))) == 4


def test_image_that_is_gone(layout: Path, tmp_path: Path) -> None:
    """An image that a newer one replaced meanwhile is named, and no half an archive is left."""
    with pytest.raises(UserError, match="image localhost/ballotbox/vote:0: not built"):
        archive.write(layout, ["localhost/ballotbox/redis:2", "localhost/ballotbox/vote:0"], tmp_path / "all.tar")
    assert not list(tmp_path.glob("all*"))


def test_same_name_again(layout: Path, tmp_path: Path) -> None:
    """An image takes the place of one that had its name."""
    archive.add_image(layout, "localhost/ballotbox/vote:1", image(tmp_path / "again", "base", "newer vote"))
    assert archive.read_layout(layout)["localhost/ballotbox/vote:1"].size_bytes == 14
    assert len(archive.read_layout(layout)) == 2
