"""Conditions that components wait for before they start."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_LOOK_TIMEOUT_S = 0.5
_LOOK_AGAIN_S = 0.1


class Once:
    """A condition that several components wait for: looked at now and then, and no more once it is true."""

    def __init__(self, look: Callable[[], bool], clock: Callable[[], float] = time.monotonic) -> None:
        self._look = look
        self._clock = clock
        self._true = False
        self._next_look = clock()

    def __call__(self) -> bool:
        """Tell whether it is true, as of the last look."""
        if not self._true and self._clock() >= self._next_look:
            self._true = self._look()
            self._next_look = self._clock() + _LOOK_AGAIN_S
        return self._true


def accepts(address: str, port: int) -> bool:
    """Tell whether someone listens on a TCP port."""
    try:
        socket.create_connection((address, port), timeout=_LOOK_TIMEOUT_S).close()
    except OSError:
        return False
    return True


def accepts_unix(path: str) -> bool:
    """Tell whether someone listens on a socket of the file system."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect(path)
        except OSError:
            return False
    return True
