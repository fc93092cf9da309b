"""The demonstration's votes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import deploy, images
from tests.fix_visitors import Tally

if TYPE_CHECKING:
    from harness.platform.up import Up
    from tests.fix_visitors import Ledger, Watcher

pytestmark = pytest.mark.cluster


def test_seed_counts_what_it_cast(platform: Up, watcher: Watcher, ledger: Ledger) -> None:
    """The seed job votes through the front door, and the result page shows exactly what it says it cast."""
    before = ledger.tally()
    seeded = deploy.seed(platform.cluster, images.build(images.APPLICATION), votes=300, voters=120)
    expected = before + Tally(seeded.report["expected"]["a"], seeded.report["expected"]["b"])
    assert watcher.until(expected) == expected
    assert ledger.recount() == expected
