"""One command at a time changes a cluster; a second one says who is at work, and changes nothing."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TextIO

from harness import paths
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def take(cluster: str, command: str) -> Iterator[None]:
    """Keep other commands from changing a cluster meanwhile; the kernel gives back what a killed one had taken.

    Args:
        cluster: The cluster's name.
        command: What this is, for those that find the cluster taken.

    Raises:
        UserError: Another command is at work on it.
    """
    # Beside the state folder, which `down` removes; a cluster's name has no dot.
    state = paths.state_dir(cluster)
    path = state.with_name(f"{state.name}.lock")
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        while True:
            lock = stack.enter_context(path.open("a+"))
            if not _locked(lock):
                raise UserError(
                    f"cluster {cluster}: {_words(lock)} is at work on it; wait for its end, or choose another --name"
                )
            # The one before removes the file as its last act: opened before that and locked after it, it is no lock.
            if _is(lock, path):
                break
        stack.callback(path.unlink, missing_ok=True)
        lock.truncate(0)
        lock.write(f"`{command}` (process {os.getpid()})")
        lock.flush()
        yield


def _locked(lock: TextIO) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is(lock: TextIO, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(lock.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _words(lock: TextIO) -> str:
    lock.seek(0)
    return lock.read() or "another command"
