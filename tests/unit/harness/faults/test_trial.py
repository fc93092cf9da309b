"""Trying a fault: what counts as caught, and what the copy holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import paths, process
from harness.errors import UserError
from harness.faults import trial
from harness.faults.catalogue import Fault
from harness.faults.trial import Case, Outcome

if TYPE_CHECKING:
    from pathlib import Path

REPORT = """<testsuites><testsuite>
<testcase name="test_a[x]"><failure message="AssertionError: 1 != 2&#10;more">trace</failure></testcase>
<testcase name="test_a[y]"/>
<testcase name="test_b"><error message="failed on setup">trace</error></testcase>
<testcase name="test_c"><skipped message="no root"/></testcase>
</testsuite></testsuites>"""


def fault(caught_by: str = "tests/test_a.py::test_a", *, fresh: bool = False, spoils: bool = False) -> Fault:
    """Return a fault that breaks a.txt."""
    return Fault("one", "it holds", "a.txt", "old", "new", caught_by, fresh, spoils)


class TestJudge:
    """What a run says of a fault."""

    @pytest.mark.parametrize(
        ("name", "outcome", "said"),
        [
            ("test_a[x]", Outcome.CAUGHT, "AssertionError: 1 != 2"),
            ("test_a", Outcome.CAUGHT, "AssertionError: 1 != 2"),
            ("test_a[y]", Outcome.SURVIVED, ""),
            ("test_b", Outcome.INVALID, "failed on setup"),
            ("test_c", Outcome.INVALID, "no root"),
            ("test_d", Outcome.INVALID, "no test tests/test_a.py::test_d ran"),
        ],
    )
    def test_outcome(self, name: str, outcome: Outcome, said: str) -> None:
        """Only a test that failed by itself has caught a fault; one that could not run proves nothing."""
        assert trial.judge(fault(f"tests/test_a.py::{name}"), trial.read_report(REPORT)) == (outcome, said)

    def test_failure_counts_beside_an_error(self) -> None:
        """A test that failed and could not clean up either has failed."""
        assert trial.judge(fault(), [Case("test_a", "it failed", "teardown")])[0] is Outcome.CAUGHT

    def test_no_report(self) -> None:
        """What is no report is an error, not a verdict."""
        with pytest.raises(UserError, match="pytest's report"):
            trial.read_report("<testsuites>")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny project under git, whose one test reads a.txt, and no cluster anywhere."""
    root = tmp_path / "project"
    (root / "tests").mkdir(parents=True)
    (root / "a.txt").write_text("old\n")
    (root / "tests" / "test_a.py").write_text("def test_a():\n    assert open('a.txt').read() == 'old\\n'\n")
    (root / "conftest.py").write_text(
        "def pytest_addoption(parser):\n"
        "    parser.addoption('--cluster-name')\n"
        "    parser.addoption('--keep-cluster', action='store_true')\n"
    )
    (root / ".gitignore").write_text("ignored\n")
    (root / "ignored").write_text("secret")
    process.run(["git", "init", "-q"], cwd=root)
    monkeypatch.setattr(paths, "ROOT", root)
    return root


@pytest.fixture
def removed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The clusters that were taken down."""
    names: list[str] = []
    monkeypatch.setattr(trial, "remove", names.append)
    return names


@pytest.fixture
def copy(project: Path, tmp_path: Path) -> trial.Copy:
    """A copy of the tiny project."""
    assert project.is_dir()
    folder = tmp_path / "copy"
    folder.mkdir()
    return trial.Copy(folder)


class TestCopy:
    """The copy that is broken."""

    def test_holds_what_git_knows(self, copy: trial.Copy) -> None:
        """Files that are not ignored, committed or not."""
        files = {str(path.relative_to(copy.root)) for path in copy.root.rglob("*") if path.is_file()}
        assert files == {"a.txt", "tests/test_a.py", "conftest.py", ".gitignore"}

    def test_pytest_that_cannot_begin(self, copy: trial.Copy) -> None:
        """A run without a report is an error with pytest's last words."""
        (copy.root / "conftest.py").write_text("nonsense(\n")
        with pytest.raises(UserError, match=r"pytest ended with exit code 4: .*SyntaxError"):
            copy.run(["tests"])


class TestTry:
    """One fault from beginning to end."""

    def test_caught(self, copy: trial.Copy, project: Path, removed: list[str]) -> None:
        """The test runs on the broken copy and fails; the copy is whole again, the project was never touched."""
        fate = trial.try_fault(copy, fault())
        assert (fate.outcome, fate.said.partition(":")[0]) == (Outcome.CAUGHT, "AssertionError")
        assert (copy.root / "a.txt").read_text() == (project / "a.txt").read_text() == "old\n"
        assert removed == [trial.LIFECYCLE_CLUSTER]

    def test_survived(self, copy: trial.Copy, removed: list[str]) -> None:
        """A test that does not look passes, and the fault has survived."""
        (copy.root / "tests" / "test_a.py").write_text("def test_a():\n    pass\n")
        assert trial.try_fault(copy, fault()).outcome is Outcome.SURVIVED
        assert removed

    @pytest.mark.usefixtures("removed")
    def test_invalid(self, copy: trial.Copy) -> None:
        """A run that says nothing makes the fault invalid, not caught."""
        (copy.root / "conftest.py").write_text("nonsense(\n")
        assert trial.try_fault(copy, fault()).outcome is Outcome.INVALID

    @pytest.mark.usefixtures("removed")
    def test_source_that_has_moved_on(self, copy: trial.Copy) -> None:
        """A fault that does not fit the source is invalid; those tried before it are not lost."""
        (copy.root / "a.txt").write_text("other\n")
        assert trial.try_fault(copy, fault()).outcome is Outcome.INVALID

    @pytest.mark.parametrize(("flag", "times"), [("fresh", 2), ("spoils", 1)])
    def test_own_cluster(self, copy: trial.Copy, removed: list[str], flag: str, times: int) -> None:
        """What needs a new cluster gets one, and what spoils it leaves none to others."""
        trial.try_fault(copy, fault(fresh=flag == "fresh", spoils=flag == "spoils"))
        assert removed.count(trial.CLUSTER) == times
