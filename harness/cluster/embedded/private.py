"""Writes files that their owner alone may read, whole or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write(path: Path, content: bytes | str) -> None:
    """Write a file, mode 0600 from its first byte on; who reads meanwhile sees the old content or the new one."""
    data = content.encode() if isinstance(content, str) else content
    scratch = path.with_name(f".{path.name}.unfinished")
    scratch.unlink(missing_ok=True)
    with os.fdopen(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(data)
    scratch.replace(path)


def folder(path: Path) -> None:
    """Make a folder that its owner alone may enter, also where it is there already with a wider mode."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)
