"""The command `faults`: its choice, its verdict, its report."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from harness import paths
from harness.__main__ import main
from harness.faults import catalogue, command, trial
from harness.faults.catalogue import Fault
from harness.faults.trial import Case, Fate, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

FAULTS = [Fault(name, f"{name} holds", "a.txt", "old", "new", f"tests/t.py::test_{name}") for name in ("one", "two")]


class Whole:
    """A copy whose tests pass, or fail as a test of this file wants."""

    cases: tuple[Case, ...] = (Case("test_one", None, None),)

    def __init__(self, root: Path) -> None:
        assert root.is_dir()

    def run(self, tests: Iterable[str]) -> list[Case]:
        """Say what a test wants."""
        assert list(tests)
        return list(self.cases)


@pytest.fixture(autouse=True)
def fates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, Outcome]:
    """What becomes of each fault; no cluster is touched."""
    outcomes = {fault.id: Outcome.CAUGHT for fault in FAULTS}
    monkeypatch.setattr(catalogue, "load", lambda: FAULTS)
    monkeypatch.setattr(trial, "Copy", Whole)
    monkeypatch.setattr(trial, "remove", lambda _: None)
    monkeypatch.setattr(trial, "try_fault", lambda _, fault: Fate(fault, outcomes[fault.id], "words", 1.0))
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(command, "REPORT", tmp_path / "reports" / "faults.json")
    return outcomes


def test_all_caught(capsys: pytest.CaptureFixture[str]) -> None:
    """All caught is a success, and the report has each with its test and the words of its failure."""
    assert main(["faults"]) == 0
    assert "2 of 2 faults caught" in capsys.readouterr().out
    report = json.loads(command.REPORT.read_text())
    assert [(each["id"], each["outcome"], each["said"]) for each in report] == [
        ("one", "caught", "words"),
        ("two", "caught", "words"),
    ]


@pytest.mark.parametrize("outcome", [Outcome.SURVIVED, Outcome.INVALID])
def test_one_not_caught(fates: dict[str, Outcome], outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> None:
    """A fault that survives, and one that could not be tried, fail the run."""
    fates["two"] = outcome
    assert main(["faults"]) == 1
    said = capsys.readouterr()
    assert "1 of 2 faults caught" in said.out
    assert str(outcome) in said.out


def test_interrupted_run_keeps_what_it_proved(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was tried before Ctrl-C is in the report."""

    def try_fault(_: object, fault: Fault) -> Fate:
        if fault.id == "two":
            raise KeyboardInterrupt
        return Fate(fault, Outcome.CAUGHT, "words", 1.0)

    monkeypatch.setattr(trial, "try_fault", try_fault)
    assert main(["faults"]) == 130
    assert [each["id"] for each in json.loads(command.REPORT.read_text())] == ["one"]


def test_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    """One fault can be chosen, and one that is not there is named."""
    assert main(["faults", "two"]) == 0
    assert "1 of 1 faults caught" in capsys.readouterr().out
    assert main(["faults", "three"]) == 2
    assert capsys.readouterr().err.startswith("faults: three: no such fault")


def test_list(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The list says what each breaks, and nothing is tried."""
    monkeypatch.setattr(trial, "Copy", None)
    assert main(["faults", "--list"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "one: one holds (tests/t.py::test_one)"


@pytest.mark.parametrize(
    ("cases", "said"),
    [
        ((Case("test_one", "1 != 2", None),), "test_one: 1 != 2"),
        ((Case("test_one", None, "no root"),), "test_one: no root"),
        ((), "none ran"),
    ],
)
def test_nothing_proved_by_tests_that_fail_anyway(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], cases: tuple[Case, ...], said: str
) -> None:
    """Where the tests fail with nothing broken, no fault is tried."""
    monkeypatch.setattr(Whole, "cases", cases)
    assert main(["faults"]) == 2
    assert f"the tests do not even pass with nothing broken: {said}" in capsys.readouterr().err
