"""Conditions that components wait for."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from harness.cluster.embedded.conditions import Once, accepts, accepts_unix

if TYPE_CHECKING:
    from pathlib import Path


class TestOnce:
    """A condition of several components."""

    def test_looked_at_now_and_then(self) -> None:
        """Who asks again at once gets the last answer, and one that is true stays so."""
        now, answers, looks = [0.0], [False, True], []

        def look() -> bool:
            looks.append(now[0])
            return answers[len(looks) - 1]

        once = Once(look, lambda: now[0])
        assert [once(), once(), once()] == [False] * 3
        now[0] = 0.2
        assert [once(), once()] == [True, True]
        now[0] = 9.0
        assert once()
        assert looks == [0.0, 0.2]


class TestAccepts:
    """Whether someone listens."""

    def test_tcp(self) -> None:
        """A port that is listened on accepts, and no more once it is closed."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            port = server.getsockname()[1]
            assert accepts("127.0.0.1", port)
        assert not accepts("127.0.0.1", port)

    def test_unix(self, tmp_path: Path) -> None:
        """So does a socket of the file system; a file of that name that nobody listens on does not."""
        path = str(tmp_path / "s")
        with socket.socket(socket.AF_UNIX) as server:
            assert not accepts_unix(path)
            server.bind(path)
            server.listen()
            assert accepts_unix(path)
        assert not accepts_unix(path)
