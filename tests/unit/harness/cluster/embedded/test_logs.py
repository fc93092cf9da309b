"""Logs that grow are set aside, and their writers do not notice."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from harness.cluster.embedded import logs

if TYPE_CHECKING:
    from pathlib import Path


def test_small_logs_stay(tmp_path: Path) -> None:
    """What has room left is left alone."""
    (tmp_path / "etcd.log").write_text("x" * 100)
    assert logs.set_aside(tmp_path, most_bytes=100) == []
    assert [path.name for path in tmp_path.iterdir()] == ["etcd.log"]


def test_writer_goes_on_at_the_beginning(tmp_path: Path) -> None:
    """A log that has grown is kept beside; what is written next begins the emptied one, with no hole before it."""
    log = tmp_path / "etcd.log"
    with log.open("a") as writer:
        writer.write("old\n")
        writer.flush()
        assert logs.set_aside(tmp_path, most_bytes=3) == ["etcd.log"]
        writer.write("new\n")
    older = tmp_path / "etcd.log.1"
    assert (older.read_text(), log.read_text()) == ("old\n", "new\n")
    assert stat.S_IMODE(older.stat().st_mode) == 0o600


def test_two_files_at_most(tmp_path: Path) -> None:
    """What was set aside before makes room for what is set aside now, and is not a log itself."""
    for text in ("first", "second"):
        (tmp_path / "etcd.log").write_text(text)
        logs.set_aside(tmp_path, most_bytes=3)
    assert (tmp_path / "etcd.log.1").read_text() == "second"
    assert len(list(tmp_path.iterdir())) == 2
