"""Port forwarding that outlives its command, with a stand-in for `kubectl port-forward` that really listens."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

import pytest

from harness.cluster import forwarding
from harness.cluster.forwarding import Forward, Forwarding
from harness.waiting import Seen, WaitError, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Called as `kubectl port-forward --namespace ballotbox service/vote 8080:80`: answers one connection, then ends.
LISTENS_ONCE = """
import socket, sys
port = int(sys.argv[-1].split(":")[0])
with socket.create_server(("127.0.0.1", port)) as server:
    print("Forwarding from 127.0.0.1:%d" % port, flush=True)
    connection, _ = server.accept()
    connection.sendall(" ".join(sys.argv[1:]).encode())
    connection.close()
"""
REFUSES = 'import sys; sys.exit("error: unable to listen on any of the requested ports")'


def free_port() -> int:
    """Return a port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def said(port: int) -> str:
    """Return what the server behind a port says, once it says something."""
    answers: list[str] = []

    def look() -> Seen:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                answers.append(connection.recv(1024).decode())
        except OSError as error:
            return Seen(done=False, state=str(error))
        return Seen(answers[-1] != "", "an empty answer")

    wait_for(f"an answer on port {port}", look, timeout_s=20)
    return answers[-1]


def make(tmp_path: Path, program: str) -> Forwarding:
    """Make forwarding by this Python program in place of kubectl."""
    (tmp_path / "kubectl.py").write_text(program)
    return Forwarding(tmp_path, [sys.executable, "-I", "-S", str(tmp_path / "kubectl.py")])


@pytest.fixture
def forwards(tmp_path: Path) -> Iterator[Forwarding]:
    """Give forwarding that is ended with the test."""
    made = make(tmp_path, LISTENS_ONCE)
    yield made
    made.stop()


def test_forwards(forwards: Forwarding) -> None:
    """Each port leads to its Service; whenever kubectl ends, the next one takes over."""
    vote, result = free_port(), free_port()
    forwards.ensure("ballotbox", [Forward(vote, "vote", 80), Forward(result, "result", 80)])
    for port, name in ((vote, "vote"), (result, "result"), (vote, "vote")):
        assert said(port) == f"port-forward --namespace ballotbox service/{name} {port}:80"


def test_runs_once(forwards: Forwarding, tmp_path: Path) -> None:
    """A second command finds forwarding that runs, and starts no other."""
    port = free_port()
    forwards.ensure("ballotbox", [Forward(port, "vote", 80)])
    first = (tmp_path / "forwarding.lock").read_text()
    again = make(tmp_path, LISTENS_ONCE)
    assert again.running()
    again.ensure("ballotbox", [Forward(port, "vote", 80)])
    assert (tmp_path / "forwarding.lock").read_text() == first
    assert forwarding.main([str(tmp_path / "forwarding.lock"), "ballotbox", "0"]) == 0


def test_stop(forwards: Forwarding) -> None:
    """Stopping ends kubectl too, and is no error when nothing runs."""
    port = free_port()
    forwards.ensure("ballotbox", [Forward(port, "vote", 80)])
    forwards.stop()
    assert not forwards.running()
    with socket.create_server(("127.0.0.1", port)):
        pass
    forwards.stop()


def test_port_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that never opens is an error with kubectl's words."""
    monkeypatch.setattr(forwarding, "_OPEN_TIMEOUT_S", 2.0)
    made = make(tmp_path, REFUSES)
    try:
        with pytest.raises(WaitError, match=r"port \d+ to vote: .*unable to listen on any of the requested ports"):
            made.ensure("ballotbox", [Forward(free_port(), "vote", 80)])
    finally:
        made.stop()
