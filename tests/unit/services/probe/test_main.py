"""The program itself, run as a program."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[4] / "services" / "probe"


def _run(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-S", "-m", "ballotbox_probe", *argv],
        cwd=SOURCE, input=stdin, capture_output=True, text=True, timeout=20, check=False,
    )  # fmt: skip


def test_targets_come_by_argument_or_by_standard_input() -> None:
    """One JSON list is tried and answered, whichever way it comes."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        targets = json.dumps([{"id": "it", "host": "127.0.0.1", "port": server.getsockname()[1]}])
        for done in (_run(targets), _run(stdin=targets + "\n"), _run("--timeout", "0.5", targets)):
            assert done.returncode == 0, done.stderr
            [seen] = json.loads(done.stdout)["answers"]
            assert (seen["id"], seen["verdict"]) == ("it", "open")


def test_requests_are_answered_a_line_each() -> None:
    """A served probe says that it is ready, answers each line, and survives a line that makes no sense."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        target = {"id": "it", "host": "127.0.0.1", "port": server.getsockname()[1]}
        lines = [json.dumps({"targets": [target], "timeout_s": 1}), "nonsense", json.dumps({"targets": [target]})]
        done = _run("serve", stdin="".join(line + "\n" for line in lines))
    ready, first, error, last = (json.loads(line) for line in done.stdout.splitlines())
    assert ready == {"ready": True}
    assert first["answers"][0]["verdict"] == last["answers"][0]["verdict"] == "open"
    assert "expected a JSON object" in error["error"]
    assert done.returncode == 0


@pytest.mark.parametrize(
    "request_text",
    ["[]", '{"targets": 1}', '{"targets": [], "timeout_s": 0}', '{"targets": [], "timeout_s": true}', '{"target": []}'],
)
def test_a_request_that_makes_no_sense_is_answered_with_an_error(request_text: str) -> None:
    """What was wrong comes back as data, so that the caller can tell it from an answer."""
    _, said = _run("serve", stdin=request_text + "\n").stdout.splitlines()
    assert set(json.loads(said)) == {"error"}


@pytest.mark.parametrize(
    "argv", [("nonsense",), ("[]", "[]"), ("--timeout", "0", "[]"), ("wait", "long"), ("listen", "80/SCTP")]
)
def test_a_mistake_is_one_line_and_exit_code_2(argv: tuple[str, ...]) -> None:
    """What makes no sense is said in one line, without a traceback."""
    done = _run(*argv)
    assert done.returncode == 2
    assert done.stderr.startswith("ballotbox_probe: ")
    assert done.stderr.count("\n") == 1


def test_waiting_ends_by_itself() -> None:
    """A container that waits ends when its time is up, so that nothing is left running in a pod for good."""
    assert _run("wait", "1").returncode == 0


def test_a_listener_says_when_it_is_there_and_ends_on_sigterm() -> None:
    """The listener answers once it said so, and a stop signal ends it at once."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [sys.executable, "-S", "-m", "ballotbox_probe", "listen", f"{port}/TCP"]
    with subprocess.Popen(argv, cwd=SOURCE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"listening {port}/TCP\n"
        with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
            assert client.recv(100) == b"ballotbox-probe"
        process.terminate()
        assert process.wait(timeout=5) == 0
