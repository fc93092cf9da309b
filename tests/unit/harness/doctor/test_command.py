"""The doctor's command, and what `up` asks of it."""

from __future__ import annotations

import argparse
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from harness import doctor, progress
from harness.doctor import checks, command, facts
from harness.doctor.facts import Facts
from harness.errors import UserError
from harness.settings import ClusterSettings

if TYPE_CHECKING:
    from pathlib import Path

BARE = Facts(disk=100 * checks.GIB, cgroups_writable=True)


def doctor_says(*arguments: str) -> int:
    """Run `doctor` with these arguments and return its exit code."""
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    given = parser.parse_args(["doctor", *arguments])
    code = given.func(given)
    assert isinstance(code, int)
    return code


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Put recorded facts in place of this machine's; state is the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    for variable in ("BALLOTBOX_CLUSTER", "BALLOTBOX_KUBECONFIG"):
        monkeypatch.delenv(variable, raising=False)

    def gather(_: tuple[int, ...], *, running: bool = False) -> Facts:
        return replace(BARE, running=running)

    monkeypatch.setattr(facts, "gather", gather)


def test_nothing_works(capsys: pytest.CaptureFixture[str]) -> None:
    """Every provider has its table; where none can work the exit code is 2."""
    assert doctor_says() == 2
    said = capsys.readouterr().out
    assert [name for name in checks.PROVIDERS if f"{name}: lacks" in said] == ["embedded", "minikube", "external"]
    assert "No cluster can come up here" in said


def test_one_works(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """One provider that can work is enough, and is named."""
    (tmp_path / "theirs").touch()
    assert doctor_says("--kubeconfig", str(tmp_path / "theirs")) == 0
    assert "A cluster can come from: external." in capsys.readouterr().out


def test_chosen_provider_decides(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Where a provider is chosen only that one counts."""
    (tmp_path / "theirs").touch()
    assert doctor_says("--cluster", "minikube", "--kubeconfig", str(tmp_path / "theirs")) == 2
    assert "external" not in capsys.readouterr().out


def test_runs_beside_a_cluster(capsys: pytest.CaptureFixture[str]) -> None:
    """A running cluster does not narrow what the doctor looks at."""
    ClusterSettings().remember("embedded")
    assert doctor_says() == 2
    assert "minikube: lacks" in capsys.readouterr().out


def test_table_shows_text_as_it_is() -> None:
    """Square brackets in what was found are text."""
    finding = checks.Finding("veth", checks.Level.LACK, "[red]no[/red]", "do [this]")
    said = io.StringIO()
    Console(file=said, width=120).print(command.table("embedded", [finding]))
    assert "[red]no[/red]" in said.getvalue()
    assert "do [this]" in said.getvalue()


def test_require(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lacks is printed a line each, with its remedy, and the error names all of it."""
    said = io.StringIO()
    monkeypatch.setattr(progress, "console", Console(file=said, width=300))
    with pytest.raises(
        UserError, match=r"^provider embedded: this machine lacks root, cgroups; `./nox -s doctor` says more$"
    ):
        doctor.require("embedded", ClusterSettings())
    lines = said.getvalue().splitlines()
    assert lines[0].startswith("✗ root: not root of the machine's own user namespace; run as root")
    assert lines[1] == "✗ cgroups: none mounted; mount cgroup v2 at /sys/fs/cgroup"


def test_require_nothing(tmp_path: Path) -> None:
    """Where nothing lacks nothing happens."""
    doctor.require("external", ClusterSettings(kubeconfig=tmp_path))
