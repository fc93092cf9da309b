"""The command line, as a person calls it."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import subprocess
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

import harness.__main__ as command_line
from harness import paths
from harness.errors import UserError
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

EVERY = sorted(command_line.ALL - {"kubectl"})


@pytest.fixture(autouse=True)
def no_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets a cluster of this machine."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for variable in [name for name in os.environ if name.startswith("BALLOTBOX_")]:
        monkeypatch.delenv(variable)


def harness(*words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the harness as a process of its own."""
    command = [sys.executable, "-m", "harness", *words]
    return subprocess.run(command, cwd=paths.ROOT, capture_output=True, text=True, check=False, timeout=60, **options)


def let(monkeypatch: pytest.MonkeyPatch, run: Callable[[argparse.Namespace], int]) -> None:
    """Let the command `status` be this function."""
    monkeypatch.setattr("harness.platform.command.status", run)


@pytest.mark.parametrize("command", EVERY)
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command explains itself."""
    with pytest.raises(SystemExit) as ended:
        command_line.main([command, "--help"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: harness {command}")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """The help of the whole lists each command with what it does."""
    with pytest.raises(SystemExit):
        command_line.main(["--help"])
    said = capsys.readouterr().out
    for command in command_line.ALL:
        lines = [line for line in said.splitlines() if line.split()[:1] == [command]]
        assert lines, f"{command} is not listed"


def test_every_command_is_its_modules() -> None:
    """The table of commands is what the modules add: a command missing in it would not be found by its name."""
    parsers: dict[str, set[str]] = {}

    class Recorder:
        def __init__(self, module: str) -> None:
            self.module = module

        def add_parser(self, name: str, **_: Any) -> argparse.ArgumentParser:
            parsers.setdefault(self.module, set()).add(name)
            return argparse.ArgumentParser()

    for module in command_line.COMMANDS:
        import_module(module).add_parser(Recorder(module))
    assert parsers == {module: set(commands) for module, commands in command_line.COMMANDS.items()}


def test_only_its_module_is_imported() -> None:
    """A command imports no other command's module: one broken part breaks no other, and kubectl starts fast."""
    code = (
        "import sys, harness.__main__ as m\ntry: m.main(['doctor', '--help'])\nexcept SystemExit: pass\n"
        "print([name for name in m.COMMANDS if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=paths.ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "['harness.doctor.command']"


def test_unknown_command() -> None:
    """A command that does not exist is an error of usage that lists those that do."""
    done = harness("frobnicate")
    assert done.returncode == 2
    assert "invalid choice: 'frobnicate'" in done.stderr
    assert "Traceback" not in done.stderr


class TestErrors:
    """What goes wrong is one line."""

    def test_users_mistake(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """A mistake is told with the command's name, and is exit code 2."""

        def run(_: argparse.Namespace) -> int:
            raise UserError("cluster x: mend it")

        let(monkeypatch, run)
        assert command_line.main(["status"]) == 2
        assert capsys.readouterr().err == "status: cluster x: mend it\n"

    def test_bad_option(self) -> None:
        """A value that does not parse names its option, and prints no traceback."""
        done = harness("status", "--vote-port", "many")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == "status: --vote-port: 'many' is no port; it takes a number from 1 to 65535\n"

    def test_interrupted(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        """Ctrl-C is no traceback."""

        def run(_: argparse.Namespace) -> int:
            raise KeyboardInterrupt

        let(monkeypatch, run)
        assert command_line.main(["status"]) == 130
        assert capsys.readouterr().err.startswith("status: interrupted;")

    @pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EROFS])
    def test_machines_fault(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], number: int
    ) -> None:
        """A full disk or a folder that may not be written to is named with its remedy."""

        def run(_: argparse.Namespace) -> int:
            raise OSError(number, os.strerror(number), "/full/of/it")

        let(monkeypatch, run)
        assert command_line.main(["status"]) == 2
        said = capsys.readouterr().err
        assert said.startswith(f"status: /full/of/it: {os.strerror(number)}; ")
        assert said.count("\n") == 1

    def test_our_own_mistake_shows_where(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Any other error of the system is ours, and is not hidden."""

        def run(_: argparse.Namespace) -> int:
            raise OSError(errno.EBADF, "Bad file descriptor")

        let(monkeypatch, run)
        with pytest.raises(OSError, match="Bad file descriptor"):
            command_line.main(["status"])

    def test_reader_that_has_enough(self) -> None:
        """`head` may close our output: that is no traceback."""
        code = (
            "import sys, harness.__main__ as m, harness.platform.command as c\n"
            "def run(_):\n    print('x' * 10_000_000)\n    return 0\n"
            "c.status = run\nsys.exit(m.main(['status']))"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code], cwd=paths.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            assert writer.stderr is not None
            writer.stdout.read(10)
            writer.stdout.close()
            assert writer.stderr.read() == ""
        assert writer.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_request_to_end_is_in_order(tmp_path: Path, number: signal.Signals) -> None:
    """A terminated command ends as an interrupted one does: what it started is taken down again."""
    code = (
        "import runpy, signal, sys, time, harness.platform.command as c\n"
        # Below nohup a hang-up is ignored, and stays so; here is nobody's nohup.
        f"signal.signal({int(number)}, signal.SIG_DFL)\n"
        f"def run(_):\n    open({str(tmp_path / 'begun')!r}, 'w').close()\n    time.sleep(60)\n"
        "c.status = run\nsys.argv = ['harness', 'status']\nrunpy.run_module('harness', run_name='__main__')"
    )
    with subprocess.Popen([sys.executable, "-c", code], cwd=paths.ROOT, stderr=subprocess.PIPE, text=True) as command:
        wait_for("the command", lambda: Seen((tmp_path / "begun").exists(), "not yet"), timeout_s=30)
        command.send_signal(number)
        assert command.stderr is not None
        assert command.stderr.read().startswith("status: interrupted;")
    assert command.returncode == 130


class TestKubectl:
    """`kubectl`, whose words are all its own."""

    @pytest.mark.parametrize("words", [(), ("--help",), ("-h",)])
    def test_help_without_a_cluster(self, words: tuple[str, ...]) -> None:
        """Without a cluster the help says how the command is used."""
        done = harness("kubectl", *words)
        assert done.returncode == 0
        assert done.stdout.startswith("usage: ./nox -s kubectl -- ")

    def test_without_a_cluster(self) -> None:
        """Any other word needs a cluster, which is named."""
        done = harness("kubectl", "get", "pods", "-A", "-o", "wide")
        assert done.returncode == 2
        assert "cluster ballotbox: not there" in done.stderr
        assert done.stderr.count("\n") == 1


class TestWithoutCluster:
    """Commands about a cluster that is not there."""

    def test_down(self, tmp_path: Path) -> None:
        """`down` says that there is none, which is what was wanted, and leaves nothing."""
        done = harness("down", "--name", "absent")
        assert (done.returncode, done.stdout) == (0, "cluster absent: there is none\n")
        assert not list((tmp_path / "state").rglob("*lock"))

    def test_status(self) -> None:
        """`status` says so, with exit code 1."""
        done = harness("status", "--name", "absent")
        assert done.returncode == 1
        assert done.stdout == "cluster absent: does not run; `./nox -s up` starts it\n"
