"""Which of our own folders must stay visible below covered ones."""

from __future__ import annotations

from pathlib import Path

from harness.cluster.embedded import box

COVERED = (Path("/run"), Path("/var/lib"))


def test_a_checkout_below_a_covered_folder_is_kept() -> None:
    """A continuous integration's checkout in /var/lib is seen inside the box."""
    own = [Path("/var/lib/ci/ballotbox"), Path("/home/me/.cache/ballotbox")]
    assert box.to_keep(COVERED, own) == [Path("/var/lib/ci/ballotbox")]


def test_the_outer_of_two_is_enough() -> None:
    """A folder inside another kept one is kept by it."""
    own = [Path("/var/lib/ci/ballotbox/.venv"), Path("/var/lib/ci/ballotbox")]
    assert box.to_keep(COVERED, own) == [Path("/var/lib/ci/ballotbox")]


def test_names_alike_are_not_inside() -> None:
    """/running is not below /run."""
    assert box.to_keep(COVERED, [Path("/running/ballotbox")]) == []
