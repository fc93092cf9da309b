"""Runs other programs: the one place that does."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

DEFAULT_TIMEOUT_S = 120.0
_INTERRUPT_TIMEOUT_S = 5.0
_TAIL_LINES = 12


@dataclass(frozen=True)
class Completed:
    """How a program ended: its argument vector, exit code and decoded output."""

    argv: tuple[str, ...]
    exit_code: int
    stdout: str
    stderr: str


class ProcessError(UserError):
    """A program failed, could not be started, or took too long."""

    def __init__(self, message: str, completed: Completed | None = None) -> None:
        super().__init__(message)
        self.completed = completed


def run(
    argv: Sequence[str | os.PathLike[str]],
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    stdin: str | None = None,
    timeout_s: float = DEFAULT_TIMEOUT_S,
    check: bool = True,
    log: Path | None = None,
) -> Completed:
    """Run a program without a shell and wait for it.

    Args:
        argv: The program and its arguments; the program is looked up on PATH.
        cwd: Where it runs.
        env: Variables added to this process's own environment.
        stdin: Text for its standard input; without it the program reads end-of-file at once.
        timeout_s: Seconds after which it is killed.
        check: Whether a non-zero exit code raises.
        log: A file that gets standard output and standard error as they come; `Completed` then has neither.

    Raises:
        ProcessError: The program is missing, timed out, or failed and `check` is true. The message ends with the last
            lines the program said.
    """
    words = tuple(os.fspath(word) for word in argv)
    with contextlib.ExitStack() as stack:
        sink = None if log is None else stack.enter_context(_opened(log))
        try:
            child = subprocess.Popen(
                words,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                stdout=sink or subprocess.PIPE,
                stderr=subprocess.STDOUT if sink else subprocess.PIPE,
                text=True,
                errors="replace",
                process_group=0,
            )
        except OSError as error:
            raise _cannot_start(words, error) from None
        stack.enter_context(child)
        try:
            stdout, stderr = child.communicate(stdin, timeout_s)
        except subprocess.TimeoutExpired:
            _kill(child)
            raise _too_late(words, timeout_s) from None
        except BaseException:
            _interrupt(child)
            raise
    completed = Completed(words, child.returncode, stdout or "", stderr or "")
    if check and completed.exit_code != 0:
        raise _failed(completed, log)
    return completed


def stream(
    argv: Sequence[str | os.PathLike[str]],
    on_line: Callable[[str], None],
    *,
    env: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
    check: bool = True,
) -> Completed:
    """Run a program without a shell and hand over each line of its standard output as it comes.

    Args:
        argv: The program and its arguments; the program is looked up on PATH.
        on_line: Gets each line, without its end.
        env: Variables added to this process's own environment.
        timeout_s: Seconds after which it is killed; None waits for ever.
        check: Whether a non-zero exit code raises.

    Raises:
        ProcessError: As `run`.
    """
    words = tuple(os.fspath(word) for word in argv)
    lines: list[str] = []
    late = threading.Event()
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        try:
            child = subprocess.Popen(
                words,
                env={**os.environ, **(env or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                errors="replace",
                process_group=0,
            )
        except OSError as error:
            raise _cannot_start(words, error) from None

        def kill() -> None:
            late.set()
            _kill(child)

        timer = threading.Timer(timeout_s or 0, kill)
        timer.daemon = True
        if timeout_s is not None:
            timer.start()
        try:
            with child:
                try:
                    for line in child.stdout or ():
                        lines.append(line)
                        on_line(line.rstrip("\r\n"))
                except BaseException:
                    _interrupt(child)  # here, because leaving `with` waits for its end
                    raise
        finally:
            timer.cancel()
        errors.seek(0)
        completed = Completed(words, child.returncode, "".join(lines), errors.read())
    if late.is_set() and timeout_s is not None:
        raise _too_late(words, timeout_s)
    if check and completed.exit_code != 0:
        raise _failed(completed, None)
    return completed


def start_detached(
    argv: Sequence[str | os.PathLike[str]],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    pass_fds: Sequence[int] = (),
) -> int:
    """Start a program in a session of its own, which outlives this process, and return its process id.

    Its process group has that same id, so that one signal reaches it and its children.

    Args:
        argv: The program and its arguments; the program is looked up on PATH.
        log: A file that gets standard output and standard error.
        env: Variables added to this process's own environment.
        pass_fds: File descriptors that the program inherits, under the same numbers.

    Raises:
        ProcessError: The program is missing.
    """
    words = tuple(os.fspath(word) for word in argv)
    log.parent.mkdir(parents=True, exist_ok=True)
    try:
        return os.posix_spawnp(
            words[0],
            words,
            {**os.environ, **(env or {})},
            file_actions=(
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.fspath(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                # posix_spawn(3): onto itself means that it is not closed on exec.
                *((os.POSIX_SPAWN_DUP2, descriptor, descriptor) for descriptor in pass_fds),
            ),
            setsid=True,
        )
    except OSError as error:
        raise _cannot_start(words, error) from None


def _opened(log: Path) -> BinaryIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("ab")


def _kill(child: subprocess.Popen[str]) -> None:
    # The whole group: a grandchild that lives on would keep the output open, and this process waiting for its end.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _interrupt(child: subprocess.Popen[str]) -> None:
    # The group is not the terminal's, so that Ctrl-C reaches it only by way of us: as a request first.
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_INTERRUPT_TIMEOUT_S)
    _kill(child)


def _cannot_start(words: tuple[str, ...], error: OSError) -> ProcessError:
    if isinstance(error, FileNotFoundError):
        return ProcessError(f"{words[0]}: no such program ({error.filename}); `./nox -s doctor` says what is missing")
    return ProcessError(f"{words[0]}: cannot be started: {error.strerror}; is it a program for this machine?")


def _too_late(words: tuple[str, ...], timeout_s: float) -> ProcessError:
    return ProcessError(f"{shlex.join(words)}: no end after {timeout_s:g} s; it was killed")


def _failed(completed: Completed, log: Path | None) -> ProcessError:
    said = _last_words(completed, log)
    return ProcessError(f"{shlex.join(completed.argv)}: exit code {completed.exit_code}: {said}", completed)


def _last_words(completed: Completed, log: Path | None) -> str:
    said = log.read_text(errors="replace") if log is not None else completed.stderr or completed.stdout
    lines = [line for line in said.strip().splitlines() if line.strip()]
    tail = " | ".join(line.strip() for line in lines[-_TAIL_LINES:]) or "it said nothing"
    return f"{tail} (all of it: {log})" if log is not None else tail
