"""The commands."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import pytest

from harness import __main__ as cli
from harness import paths, process
from harness.policy import command
from harness.policy.rego import conftest

if TYPE_CHECKING:
    from pathlib import Path

GOOD = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a, namespace: shop}\n"
BAD = "apiVersion: v1\nkind: Secret\nmetadata: {name: a, namespace: shop}\nstringData: {password: hunter2}\n"


def run(folder: Path, text: str, *words: str) -> int:
    """Judge a file with this text and return the exit code."""
    (folder / "a.yaml").write_text(text)
    return cli.main(
        ["policy", str(folder / "a.yaml"), "--engine", "rego", "--reports", str(folder / "reports"), *words]
    )


def test_a_clean_file_of_someones_passes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0; what was judged is said, and every report is written."""
    assert run(tmp_path, GOOD) == 0
    assert "passed 1 subjects" in capsys.readouterr().out
    assert {file.name for file in (tmp_path / "reports").iterdir()} == set(command.FORMATS.values())


def test_a_bad_file_of_someones_fails(tmp_path: Path) -> None:
    """Exit code 1, and the finding is in the reports of the same run."""
    assert run(tmp_path, BAD) == 1
    (result,) = json.loads((tmp_path / "reports" / "policy.sarif").read_text())["runs"][0]["results"]
    assert result["ruleId"] == "SEC-OBJECT"


def test_one_report_alone(tmp_path: Path) -> None:
    """Only what was asked for is written."""
    assert run(tmp_path, GOOD, "--format", "markdown") == 0
    assert [file.name for file in (tmp_path / "reports").iterdir()] == ["policy.md"]


@pytest.mark.parametrize("words", [["absent.yaml"], ["--waivers", "absent.yaml"]])
def test_a_mistake_is_one_line(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, and no traceback."""
    assert cli.main(["policy", *words]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("policy: absent.yaml: expected a")
    assert "\n" not in said


def test_an_empty_file_never_passes(tmp_path: Path) -> None:
    """Exit code 2: nothing was judged."""
    assert run(tmp_path, "") == 2


def test_every_command_has_help() -> None:
    """All five are there."""
    parser = argparse.ArgumentParser()
    command.add_parser(parser.add_subparsers())
    helped = parser.format_help()
    assert all(name in helped for name in ("policy", "policy-conformance", "policy-mutation", "fuzz", "actionlint"))


def test_the_workflows_are_clean(capsys: pytest.CaptureFixture[str]) -> None:
    """The program actionlint has nothing to say of this repository's workflows."""
    assert cli.main(["actionlint"]) == 0
    assert "no finding" in capsys.readouterr().out


def test_the_merge_gate_is_judged_by_the_gates_own_rules(tmp_path: Path) -> None:
    """The workflow passes, and with an action unpinned it does not."""
    workflow = paths.ROOT / ".github" / "workflows" / "ci.yml"
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    arguments = ["policy", str(folder / "ci.yml"), "--engine", "rego", "--reports", str(tmp_path / "reports")]
    (folder / "ci.yml").write_text(workflow.read_text())
    assert cli.main(arguments) == 0
    (folder / "ci.yml").write_text(
        workflow.read_text().replace("actions/checkout@9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0", "actions/checkout@v7")
    )
    assert cli.main(arguments) == 1


def test_conftest_is_the_pinned_one() -> None:
    """The program comes from tools/, not from PATH."""
    assert "OPA: 1.21.1" in process.run([conftest(), "--version"]).stdout
