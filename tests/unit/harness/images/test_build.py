"""Bringing images up to date."""

from __future__ import annotations

import pytest

from harness.errors import UserError
from harness.images import build


def test_unknown_image() -> None:
    """A name that is no image's is told, with those that are."""
    with pytest.raises(UserError, match="image votes: not known; images: vote, worker"):
        build(["votes"])
