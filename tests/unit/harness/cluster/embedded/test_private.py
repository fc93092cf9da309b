"""Files that their owner alone may read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest

from harness.cluster.embedded import private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def wide_open() -> Iterator[None]:
    """A umask that forbids nobody anything."""
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    """Return a path's permissions."""
    return stat.S_IMODE(path.stat().st_mode)


def test_file_is_private(tmp_path: Path) -> None:
    """A new file has what was written, and no one else may read it."""
    private.write(tmp_path / "key", b"secret")
    assert (tmp_path / "key").read_bytes() == b"secret"
    assert mode(tmp_path / "key") == 0o600


def test_file_becomes_private(tmp_path: Path) -> None:
    """A file that was there with a wider mode is private afterwards."""
    (tmp_path / "key").touch(mode=0o644)
    private.write(tmp_path / "key", "text")
    assert mode(tmp_path / "key") == 0o600


def test_failed_write_leaves_the_old_content(tmp_path: Path) -> None:
    """Who reads after a failed write sees what was there before, and a later write succeeds."""
    private.write(tmp_path / "status", "old")
    with pytest.raises(UnicodeEncodeError):
        private.write(tmp_path / "status", "\ud800")
    assert (tmp_path / "status").read_text() == "old"
    (tmp_path / ".status.unfinished").write_text("half")
    private.write(tmp_path / "status", "new")
    assert (tmp_path / "status").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["status"]


def test_folder_is_private(tmp_path: Path) -> None:
    """A folder is its owner's, whether it was there or not."""
    (tmp_path / "there").mkdir(mode=0o755)
    for name in ("there", "new"):
        private.folder(tmp_path / name)
        assert mode(tmp_path / name) == 0o700
