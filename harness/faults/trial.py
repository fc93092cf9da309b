"""Tries a fault: the test that guards what it breaks runs on a copy of the project that has it.

The test has to fail by what it asserts. A test that could not begin, because the broken platform did not even come up,
proves nothing: its fault is `invalid`, and so is one whose test was not found.
"""

from __future__ import annotations

import shutil
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from harness import paths, process
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from harness.faults.catalogue import Fault

CLUSTER = "ballotbox-faults"
# The cluster that tests/e2e/test_lifecycle.py makes and ends; a fault may keep it from doing so.
LIFECYCLE_CLUSTER = "ballotbox-lifecycle"
_TEST_TIMEOUT_S = 30 * 60.0
_DOWN_TIMEOUT_S = 120.0
_SHORT = 300


class Outcome(StrEnum):
    """What became of a fault."""

    CAUGHT = "caught"
    SURVIVED = "survived"
    INVALID = "invalid"


@dataclass(frozen=True)
class Fate:
    """What became of a fault, and why one thinks so.

    Attributes:
        fault: The fault.
        outcome: What became of it.
        said: The first line of what the test said; empty where it passed.
        seconds: How long it took, deployment included.
    """

    fault: Fault
    outcome: Outcome
    said: str
    seconds: float


@dataclass(frozen=True)
class Case:
    """A test of a JUnit report: its name and what it said where it `failed`, or could not run (`broken`)."""

    name: str
    failed: str | None
    broken: str | None


def read_report(text: str) -> list[Case]:
    """Read the tests of pytest's JUnit report.

    A test that was skipped counts as broken: it asserted nothing.

    Raises:
        UserError: It is no such report.
    """
    try:
        root = ET.fromstring(text)  # noqa: S314  # written by our own pytest a moment ago
    except ET.ParseError as error:
        raise UserError(f"pytest's report: {error}") from None
    return [
        Case(case.get("name", ""), _words(case, "failure"), _words(case, "error") or _words(case, "skipped"))
        for case in root.iter("testcase")
    ]


def judge(fault: Fault, cases: Sequence[Case]) -> tuple[Outcome, str]:
    """Return what a run with a fault says of it, and the test's words."""
    name = fault.caught_by.rpartition("::")[2]
    # Without brackets all of a test's parameters are meant, and one that fails is enough.
    ours = [case for case in cases if name in {case.name, case.name.partition("[")[0]}]
    failed = [case.failed for case in ours if case.failed is not None]
    if failed:
        return Outcome.CAUGHT, failed[0]
    if not ours:
        return Outcome.INVALID, f"no test {fault.caught_by} ran"
    broken = [case.broken for case in ours if case.broken is not None]
    return (Outcome.INVALID, broken[0]) if broken else (Outcome.SURVIVED, "")


class Copy:
    """A copy of the project's files, to be broken.

    Args:
        root: An empty folder for it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in _files():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(paths.ROOT / name, root / name, follow_symlinks=False)

    def run(self, tests: Iterable[str]) -> list[Case]:
        """Run tests of the copy on the cluster for faults, which is brought up to date with the copy and stays.

        Raises:
            UserError: pytest said nothing of any test.
        """
        report = self.root / "junit.xml"
        report.unlink(missing_ok=True)
        ended = process.run(
            [
                *(sys.executable, "-m", "pytest", *tests, "-q", "-p", "no:cacheprovider"),
                *(f"--junitxml={report}", f"--cluster-name={CLUSTER}", "--keep-cluster"),
            ],
            cwd=self.root,
            timeout_s=_TEST_TIMEOUT_S,
            check=False,
        )
        if not report.is_file():
            said = (ended.stderr or ended.stdout).strip().splitlines()
            raise UserError(f"pytest ended with exit code {ended.exit_code}: {said[-1] if said else 'it said nothing'}")
        return read_report(report.read_text())


def try_fault(copy: Copy, fault: Fault) -> Fate:
    """Try one fault; the copy is whole again afterwards, and the cluster stays where it is of use for another."""
    begun = time.monotonic()
    if fault.fresh:
        remove(CLUSTER)
    try:
        with fault.applied(copy.root):
            outcome, said = judge(fault, copy.run([fault.caught_by]))
    except UserError as error:
        outcome, said = Outcome.INVALID, str(error)
    finally:
        if fault.fresh or fault.spoils:
            remove(CLUSTER)
        remove(LIFECYCLE_CLUSTER)
    return Fate(fault, outcome, said, time.monotonic() - begun)


def remove(cluster: str) -> None:
    """Take a cluster down, if it is there, by the project's own unbroken code."""
    process.run([sys.executable, "-m", "harness", "down", "--name", cluster], cwd=paths.ROOT, timeout_s=_DOWN_TIMEOUT_S)


def _files() -> list[str]:
    listed = process.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=paths.ROOT, timeout_s=60
    ).stdout
    return [name for name in listed.split("\0") if name and (paths.ROOT / name).exists()]


def _words(case: ET.Element, kind: str) -> str | None:
    found = case.find(kind)
    if found is None:
        return None
    lines = (found.get("message") or found.text or kind).strip().splitlines()
    return lines[0][:_SHORT] if lines else kind
