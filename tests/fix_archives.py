"""Image archives that hold nothing but the names of their images."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write_archive(path: Path, **members: Any) -> Path:
    """Write a tar with these JSON members, `_` standing for the dot in their names."""
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name.replace("_", "."))
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


@pytest.fixture
def docker_archive(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a docker archive with these tags."""

    def write(*tags: str) -> Path:
        return write_archive(
            tmp_path / "images.tar", manifest_json=[{"Config": "c.json", "RepoTags": tags, "Layers": []}]
        )

    return write
