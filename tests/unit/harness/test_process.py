"""Running other programs; with real ones."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from harness import process
from harness.process import ProcessError
from harness.waiting import Seen, wait_for

PYTHON = [sys.executable, "-I", "-S", "-c"]


class TestRun:
    """`process.run`."""

    def test_output(self) -> None:
        """Output, error output and exit code are given."""
        ended = process.run([*PYTHON, "import sys; print('out'); print('err', file=sys.stderr)"])
        assert (ended.stdout, ended.stderr, ended.exit_code) == ("out\n", "err\n", 0)

    def test_no_shell(self) -> None:
        """Words reach the program as they are."""
        odd = ["a b", "$HOME", "`id`", "'", '"', "*", "", ";true"]
        ended = process.run([*PYTHON, "import sys; print(sys.argv[1:])", *odd])
        assert ended.stdout == f"{odd}\n"
        assert ended.argv[5:] == tuple(odd)

    def test_environment_is_added_to(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Given variables are added to this process's own."""
        monkeypatch.setenv("OURS", "1")
        ended = process.run([*PYTHON, "import os; print(os.environ['OURS'], os.environ['MORE'])"], env={"MORE": "2"})
        assert ended.stdout == "1 2\n"
        assert "MORE" not in os.environ

    def test_stdin(self) -> None:
        """Text goes to standard input; without it the program reads end-of-file at once."""
        code = [*PYTHON, "import sys; print(repr(sys.stdin.read()))"]
        assert process.run(code, stdin="ä\n").stdout == "'ä\\n'\n"
        assert process.run(code).stdout == "''\n"

    def test_failure(self) -> None:
        """A failure names command, exit code and last words, on one line."""
        with pytest.raises(ProcessError) as caught:
            process.run([*PYTHON, "import sys; print('one\\n\\n two ', file=sys.stderr); sys.exit(3)"])
        assert str(caught.value).endswith(": exit code 3: one | two")
        assert "\n" not in str(caught.value).replace("\\n", "")
        assert caught.value.completed is not None
        assert caught.value.completed.exit_code == 3

    def test_silent_failure(self) -> None:
        """A program that fails without a word is said to have said nothing."""
        with pytest.raises(ProcessError, match="exit code 1: it said nothing"):
            process.run(["false"])

    def test_unchecked(self) -> None:
        """A failure is no error where the caller looks at the exit code."""
        assert process.run(["false"], check=False).exit_code == 1

    def test_missing_program(self) -> None:
        """A missing program is named, and the doctor is."""
        with pytest.raises(ProcessError, match=r"no-such-program: no such program .*`./nox -s doctor`"):
            process.run(["no-such-program"])

    def test_timeout(self) -> None:
        """A program that takes too long is killed."""
        start = time.monotonic()
        with pytest.raises(ProcessError, match=r"sleep 60: no end after 0\.2 s; it was killed"):
            process.run(["sleep", "60"], timeout_s=0.2)
        assert time.monotonic() - start < 10

    def test_timeout_with_a_grandchild(self, tmp_path: Path) -> None:
        """What a killed program had started is killed with it, and its open output is not waited for."""
        start = time.monotonic()
        with pytest.raises(ProcessError, match="no end after"):
            process.run(["sh", "-c", f"sleep 61 & echo $! > {tmp_path}/pid; wait"], timeout_s=1.0)
        assert time.monotonic() - start < 20
        grandchild = int((tmp_path / "pid").read_text())
        wait_for("its end", lambda: Seen(_is_zombie(grandchild), "it lives"), timeout_s=5)

    def test_interrupted(self, tmp_path: Path) -> None:
        """Ctrl-C is passed on as a request, so that a program such as apt-get can put its things in order."""
        # A background job of a shell, which a CI may be, ignores SIGINT, and its children inherit that.
        heed = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
        ours = f"{heed}; import sys; sys.path.insert(0, {str(Path.cwd())!r}); from harness import process"
        order = f"trap 'echo tidy > {tmp_path}/seen; exit 0' INT; touch {tmp_path}/started; while :; do sleep 1; done"
        interrupted = subprocess.Popen([*PYTHON[:2], "-c", f"{ours}; process.run(['sh', '-c', {order!r}])"], stderr=-3)
        with interrupted:
            wait_for("the program", lambda: Seen((tmp_path / "started").exists(), "not yet"), timeout_s=20)
            interrupted.send_signal(signal.SIGINT)
        assert (tmp_path / "seen").read_text() == "tidy\n"

    def test_no_program(self, tmp_path: Path) -> None:
        """A file that is no program of this machine is an error of one line."""
        (tmp_path / "odd").write_bytes(b"\x7fELF of another machine")
        (tmp_path / "odd").chmod(0o755)
        with pytest.raises(ProcessError, match=r"odd: cannot be started: .*; is it a program for this machine\?"):
            process.run([tmp_path / "odd"])

    def test_log(self, tmp_path: Path) -> None:
        """A log gets both outputs, is added to, and is named in the error."""
        log = tmp_path / "new" / "log"
        process.run([*PYTHON, "print('first')"], log=log)
        with pytest.raises(ProcessError, match=rf"exit code 1: first \| second \(all of it: {log}\)"):
            process.run([*PYTHON, "import sys; sys.exit('second')"], log=log)
        assert log.read_text() == "first\nsecond\n"

    def test_folder(self, tmp_path: Path) -> None:
        """A program runs where it is told to."""
        assert process.run(["pwd"], cwd=tmp_path).stdout == f"{tmp_path}\n"

    def test_bytes_that_are_no_text(self) -> None:
        """Output that is no UTF-8 is given all the same."""
        assert process.run([*PYTHON, "import sys; sys.stdout.buffer.write(b'a\\xff')"]).stdout == "a\ufffd"


class TestStream:
    """`process.stream`."""

    def test_lines_come_while_it_runs(self, tmp_path: Path) -> None:
        """A line is handed over while the program still runs: here it ends only because its line was seen."""
        go = tmp_path / "go"
        until = f"while not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)"
        code = f"import pathlib, time; print('first', flush=True)\n{until}"
        lines: list[str] = []

        def on_line(line: str) -> None:
            lines.append(line)
            go.touch()

        assert process.stream([*PYTHON, code], on_line, timeout_s=30).stdout == "first\n"
        assert lines == ["first"]

    def test_failure(self) -> None:
        """A failure has the error output in its message, and is none where the caller looks."""
        code = [*PYTHON, "import sys; print('said'); sys.exit('why')"]
        with pytest.raises(ProcessError, match="exit code 1: why"):
            process.stream(code, lambda _: None)
        assert process.stream(code, lambda _: None, check=False).stderr == "why\n"

    def test_timeout(self) -> None:
        """A program that takes too long is killed, whatever it prints."""
        with pytest.raises(ProcessError, match=r"no end after 0\.3 s; it was killed"):
            process.stream(["yes"], lambda _: None, timeout_s=0.3)

    def test_error_in_reader(self, tmp_path: Path) -> None:
        """An error while reading ends the program."""
        pid = tmp_path / "pid"
        code = (
            f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); print('x', flush=True); time.sleep(60)"
        )

        def on_line(line: str) -> None:
            raise KeyError(line)

        start = time.monotonic()
        with pytest.raises(KeyError):
            process.stream([*PYTHON, code], on_line)
        assert time.monotonic() - start < 30
        with pytest.raises(ProcessLookupError):
            os.kill(int(pid.read_text()), 0)

    def test_missing_program(self) -> None:
        """A missing program is named."""
        with pytest.raises(ProcessError, match="no-such-program: no such program"):
            process.stream(["no-such-program"], lambda _: None)


class TestStartDetached:
    """`process.start_detached`."""

    def test_own_session(self, tmp_path: Path) -> None:
        """The program leads a session of its own, reads nothing, and writes both outputs to the log."""
        code = (
            "import os, sys; print(os.getsid(0) == os.getpid(), repr(sys.stdin.read())); sys.exit(os.environ['MORE'])"
        )
        log = tmp_path / "new" / "log"
        pid = process.start_detached([*PYTHON, code], log=log, env={"MORE": "more"})
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
        assert sorted(log.read_text().splitlines()) == ["True ''", "more"]

    def test_group(self, tmp_path: Path) -> None:
        """One signal to the group reaches the program's children."""
        pid = process.start_detached(["sh", "-c", "sleep 60 & echo $!; wait"], log=tmp_path / "log")
        wait_for("the child", lambda: Seen((tmp_path / "log").read_text().endswith("\n"), "not yet"), timeout_s=10)
        child = int((tmp_path / "log").read_text())
        os.killpg(pid, 15)
        os.waitpid(pid, 0)

        def gone() -> Seen:
            try:
                os.kill(child, 0)
            except ProcessLookupError:
                return Seen(done=True, state="gone")
            return Seen(_is_zombie(child), "still there")

        wait_for("the child's end", gone, timeout_s=10)

    def test_descriptors(self, tmp_path: Path) -> None:
        """The program inherits the descriptors it is given, under their numbers, and no others."""
        given, kept = os.pipe(), os.pipe()
        code = (
            "import os, sys; os.write(int(sys.argv[1]), b'x')\n"
            "try: os.fstat(int(sys.argv[2]))\nexcept OSError: print('closed')"
        )
        log = tmp_path / "log"
        pid = process.start_detached([*PYTHON, code, str(given[1]), str(kept[1])], log=log, pass_fds=[given[1]])
        os.close(given[1])
        assert os.read(given[0], 2) == b"x"
        os.waitpid(pid, 0)
        assert log.read_text() == "closed\n"
        for descriptor in (given[0], *kept):
            os.close(descriptor)

    def test_missing_program(self, tmp_path: Path) -> None:
        """A missing program is named."""
        with pytest.raises(ProcessError, match="no-such-program: no such program"):
            process.start_detached(["no-such-program"], log=tmp_path / "log")


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return True
