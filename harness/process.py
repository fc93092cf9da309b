"""Runs other programs: the one place that does."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEFAULT_TIMEOUT_S = 120.0
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
    environment = {**os.environ, **(env or {})}
    try:
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)
            with log.open("ab") as sink:
                done = subprocess.run(
                    words,
                    cwd=cwd,
                    env=environment,
                    input=None if stdin is None else stdin.encode(),
                    stdin=subprocess.DEVNULL if stdin is None else None,
                    stdout=sink,
                    stderr=subprocess.STDOUT,
                    timeout=timeout_s,
                    check=False,
                )
            completed = Completed(words, done.returncode, "", "")
        else:
            said = subprocess.run(
                words,
                cwd=cwd,
                env=environment,
                input=stdin,
                stdin=subprocess.DEVNULL if stdin is None else None,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
            completed = Completed(words, said.returncode, said.stdout, said.stderr)
    except FileNotFoundError as error:
        raise ProcessError(f"{words[0]}: no such program ({error.filename}); `./nox -s doctor` says what is missing") from None
    except subprocess.TimeoutExpired:
        raise ProcessError(f"{shlex.join(words)}: no end after {timeout_s:g} s; it was killed") from None
    if check and completed.exit_code != 0:
        raise ProcessError(f"{shlex.join(words)}: exit code {completed.exit_code}: {_last_words(completed, log)}", completed)
    return completed


def _last_words(completed: Completed, log: Path | None) -> str:
    said = log.read_text(errors="replace") if log is not None else completed.stderr or completed.stdout
    lines = [line for line in said.strip().splitlines() if line.strip()]
    tail = " | ".join(line.strip() for line in lines[-_TAIL_LINES:]) or "it said nothing"
    return f"{tail} (all of it: {log})" if log is not None else tail
