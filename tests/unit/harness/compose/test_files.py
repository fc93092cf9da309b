"""What Compose reads and git must not have."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from harness import paths
from harness.compose import files

if TYPE_CHECKING:
    from pathlib import Path


def variables(path: Path) -> dict[str, str]:
    """Read an .env file."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_modes(tmp_path: Path) -> None:
    """Nobody else on this machine reads a secret; the containers' users read the two files that are mounted."""
    before = os.umask(0)
    try:
        files.write(tmp_path)
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*")}
    assert modes == {
        ".env": 0o600,
        ".compose": 0o700,
        "credentials.json": 0o600,
        "users.acl": 0o644,
        "owner-password": 0o644,
    }


def test_secrets_last(tmp_path: Path) -> None:
    """A second call changes nothing: the databases' volumes know the first secrets."""
    files.write(tmp_path)
    first = (tmp_path / ".env").read_text()
    files.write(tmp_path)
    assert (tmp_path / ".env").read_text() == first


def test_owner_password_is_one(tmp_path: Path) -> None:
    """The file that PostgreSQL reads and the variable that migrate gets agree."""
    files.write(tmp_path)
    assert (tmp_path / ".compose/owner-password").read_text() == variables(tmp_path / ".env")["DB_OWNER_PASSWORD"]


def test_are_ignored_by_git() -> None:
    """Neither file can be committed by accident."""
    ignored = (paths.ROOT / ".gitignore").read_text().splitlines()
    assert {"/.env", "/.compose/"} <= set(ignored)
