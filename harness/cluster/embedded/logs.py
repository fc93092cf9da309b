"""Keeps the logs of a cluster from filling the disk: each is at most two files of bounded size."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 8 << 20


def set_aside(folder: Path, most_bytes: int = MOST_BYTES) -> list[str]:
    """Copy each log that has grown larger to NAME.log.1, in place of the one before, and empty it.

    Emptied, not renamed: its writer has it open, and appends (O_APPEND), so that it goes on at the new end. What is
    written between the copy and the emptying is lost, as with logrotate's `copytruncate`.

    Returns:
        The names of the logs.

    Raises:
        OSError: The disk is full, for one.
    """
    grown = [log for log in sorted(folder.glob("*.log")) if log.stat().st_size > most_bytes]
    for log in grown:
        older = log.with_name(f"{log.name}.1")
        shutil.copyfile(log, older, follow_symlinks=False)
        older.chmod(0o600)
        os.truncate(log, 0)
    return [log.name for log in grown]
