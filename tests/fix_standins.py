"""Stand-ins: real executables on PATH in place of programs that cannot run here (Minikube, and kubectl's server)."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_PROGRAMS = Path(__file__).parent / "standins"


@dataclass(frozen=True)
class Call:
    """How a stand-in was called."""

    program: str
    arguments: list[str]
    environment: dict[str, str]
    stdin: str


class StandIns:
    """The stand-ins of one test: which programs, what they answer, how they were called."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.programs = folder / "bin"
        self.programs.mkdir(parents=True)
        self._answers: list[dict[str, Any]] = []
        self._write()

    def install(self, *programs: str) -> None:
        """Put stand-ins of these names on PATH."""
        for program in programs:
            (self.programs / program).symlink_to(_PROGRAMS / program)

    def answer(self, program: str, *words: str, stdout: str = "", stderr: str = "", exit_code: int = 0) -> None:
        """Let a program give this answer to calls with all these words; a later answer goes before an earlier one."""
        self._answers.append(
            {"program": program, "words": words, "stdout": stdout, "stderr": stderr, "exit_code": exit_code}
        )
        self._write()

    def calls(self, program: str) -> list[Call]:
        """Return how a program was called, in order."""
        record = self._folder / "calls.jsonl"
        lines = record.read_text().splitlines() if record.exists() else []
        return [call for call in (Call(**json.loads(line)) for line in lines) if call.program == program]

    def _write(self) -> None:
        (self._folder / "answers.json").write_text(json.dumps(self._answers))


@pytest.fixture
def standins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIns:
    """Give a test its stand-ins, none installed yet, and XDG folders of its own."""
    made = StandIns(tmp_path / "stand-ins")
    monkeypatch.setenv("STAND_IN_FOLDER", str(tmp_path / "stand-ins"))
    monkeypatch.setenv("PATH", f"{made.programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return made
