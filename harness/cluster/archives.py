"""Which images an archive holds: docker's and OCI's tar formats, read by name only.

Formats: https://github.com/opencontainers/image-spec/blob/main/image-layout.md and
https://github.com/moby/docker-image-spec/blob/main/spec.md#combined-image-json--filesystem-changeset-format
"""

from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING, Any

from harness.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

# containerd's annotation has the whole name; the specification's own may be a bare tag.
_NAMES = ("io.containerd.image.name", "org.opencontainers.image.ref.name")


def image_names(archive: Path) -> tuple[str, ...]:
    """Return the full names of an archive's images, e.g. `docker.io/ballotbox/vote:1f2e`.

    Raises:
        UserError: The file is missing, no image archive, or names no image.
    """
    try:
        with tarfile.open(archive) as tar:
            index = _json(tar, "manifest.json") or _json(tar, "index.json")
    except (OSError, tarfile.TarError) as error:
        raise UserError(f"{archive}: expected an image archive (docker or OCI tar), found {error}") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{archive}: the list of its images is no JSON ({error}); build it again") from None
    names = _docker_names(index) if isinstance(index, list) else _oci_names(index or {})
    if not names:
        raise UserError(f"{archive}: names no image; build the archive with a name and a tag")
    return tuple(full_name(name) for name in names)


def full_name(name: str) -> str:
    """Return an image's name with the registry, and the tag, that a short one leaves out, as containerd does."""
    first, slash, _ = name.partition("/")
    if not slash:
        name = f"docker.io/library/{name}"
    elif not ("." in first or ":" in first or first == "localhost"):
        name = f"docker.io/{name}"
    has_tag_or_digest = ":" in name.rpartition("/")[2]
    return name if has_tag_or_digest else f"{name}:latest"


def _json(tar: tarfile.TarFile, member: str) -> Any:
    for name in (member, f"./{member}"):
        try:
            file = tar.extractfile(name)
        except KeyError:
            continue
        if file is not None:
            return json.loads(file.read())
    return None


def _docker_names(manifest: list[dict[str, Any]]) -> list[str]:
    return [tag for image in manifest for tag in image.get("RepoTags") or ()]


def _oci_names(index: dict[str, Any]) -> list[str]:
    names = []
    for manifest in index.get("manifests", ()):
        annotations = manifest.get("annotations", {})
        names += [annotations[key] for key in _NAMES if key in annotations][:1]
    return names
