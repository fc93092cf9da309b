"""Names of the images in an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from harness.cluster.archives import full_name, image_names
from harness.errors import UserError
from tests.fix_archives import write_archive

if TYPE_CHECKING:
    from pathlib import Path


def test_docker_archive(tmp_path: Path) -> None:
    """Every tag of every image of a docker archive is named."""
    manifest = [{"RepoTags": ["localhost/ballotbox/vote:1f2e", "vote:dev"]}, {"RepoTags": None}]
    names = image_names(write_archive(tmp_path / "a.tar", manifest_json=manifest))
    assert names == ("localhost/ballotbox/vote:1f2e", "docker.io/library/vote:dev")


def test_oci_archive(tmp_path: Path) -> None:
    """An OCI archive's images are named by containerd's annotation, else by the specification's."""
    named = {
        "annotations": {
            "io.containerd.image.name": "docker.io/ballotbox/vote:1",
            "org.opencontainers.image.ref.name": "1",
        }
    }
    plain = {"annotations": {"org.opencontainers.image.ref.name": "localhost/ballotbox/seed:2"}}
    names = image_names(write_archive(tmp_path / "a.tar", index_json={"manifests": [named, plain, {}]}))
    assert names == ("docker.io/ballotbox/vote:1", "localhost/ballotbox/seed:2")


@pytest.mark.parametrize(
    ("members", "complaint"),
    [
        ({}, "names no image"),
        ({"manifest_json": []}, "names no image"),
        ({"index_json": {"manifests": []}}, "names no image"),
        ({"manifest_json": b"{"}, "the list of its images is no JSON"),
    ],
)
def test_unusable_archive(tmp_path: Path, members: dict[str, Any], complaint: str) -> None:
    """An archive without a named image says so, on one line."""
    with pytest.raises(UserError, match=complaint):
        image_names(write_archive(tmp_path / "a.tar", **members))


def test_no_archive(tmp_path: Path) -> None:
    """A file that is missing, or no tar, says so."""
    (tmp_path / "text").write_text("x" * 1024)
    for name in ("text", "missing.tar"):
        with pytest.raises(UserError, match=f"{name}: expected an image archive"):
            image_names(tmp_path / name)


@pytest.mark.parametrize(
    ("short", "full"),
    [
        ("redis", "docker.io/library/redis:latest"),
        ("ballotbox/vote:1f2e", "docker.io/ballotbox/vote:1f2e"),
        ("localhost/vote:1", "localhost/vote:1"),
        ("registry.example:5000/vote", "registry.example:5000/vote:latest"),
        ("ghcr.io/ballotbox/vote@sha256:abc", "ghcr.io/ballotbox/vote@sha256:abc"),
    ],
)
def test_full_name(short: str, full: str) -> None:
    """What a short name leaves out is what containerd adds."""
    assert full_name(short) == full
