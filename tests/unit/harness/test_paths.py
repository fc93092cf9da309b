"""Folders for caches and state."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness import paths


def test_xdg_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    """The XDG variables decide where caches and state are."""
    monkeypatch.setenv("XDG_CACHE_HOME", "/a")
    monkeypatch.setenv("XDG_STATE_HOME", "/b")
    assert paths.cache_dir() == Path("/a/ballotbox")
    assert paths.state_dir("demo") == Path("/b/ballotbox/demo")


@pytest.mark.parametrize("value", [None, "", "relative/folder"])
def test_defaults(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    """Without a variable, or with one that is no absolute path, the specification's default counts."""
    monkeypatch.setenv("HOME", "/home/someone")
    for variable in ("XDG_CACHE_HOME", "XDG_STATE_HOME"):
        if value is None:
            monkeypatch.delenv(variable, raising=False)
        else:
            monkeypatch.setenv(variable, value)
    assert paths.cache_dir() == Path("/home/someone/.cache/ballotbox")
    assert paths.state_dir("demo") == Path("/home/someone/.local/state/ballotbox/demo")


def test_root() -> None:
    """The repository's root is where its settings are."""
    assert (paths.ROOT / "pyproject.toml").is_file()
    assert paths.REPORTS.parent == paths.ROOT
