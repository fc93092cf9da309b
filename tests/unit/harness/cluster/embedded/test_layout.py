"""A cluster's names and files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.cluster.embedded.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path


def test_load_gives_what_was_saved(tmp_path: Path) -> None:
    """What the guard and later commands read is what `up` wrote."""
    layout = Layout("demo", tmp_path / "demo", 6001, 8080, 8081)
    layout.save()
    assert Layout.load(layout.state) == layout


def test_no_cluster(tmp_path: Path) -> None:
    """Loading where nothing was saved says so."""
    with pytest.raises(FileNotFoundError):
        Layout.load(tmp_path)


def test_two_clusters_share_nothing(tmp_path: Path) -> None:
    """Two names give two nodes, cgroups and folders."""
    one, two = (Layout(name, tmp_path / name, 1, 2, 3) for name in ("one", "two"))
    assert {one.node_name, one.cgroup, one.state}.isdisjoint({two.node_name, two.cgroup, two.state})
