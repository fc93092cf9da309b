"""Writes what compose.yaml reads and git must not have: .env, Redis' users and the database owner's password."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from harness import credentials

if TYPE_CHECKING:
    from pathlib import Path

    from harness.credentials import Credentials

ENVIRONMENT = ".env"
FOLDER = ".compose"
_PRIVATE = 0o600
# Read inside a container by another user than the owner; the folder around it keeps everybody else on this machine out.
_FOR_CONTAINERS = 0o644


def write(root: Path) -> list[Path]:
    """Write the files below `root`; what is there already keeps its secrets, for the databases' volumes know them.

    Returns:
        The files.
    """
    folder = root / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    made = credentials.ensure(folder)
    contents = {
        root / ENVIRONMENT: (environment(made), _PRIVATE),
        folder / "users.acl": (credentials.users_acl(credentials.ACL_TEMPLATE.read_text(), made), _FOR_CONTAINERS),
        folder / "owner-password": (made["db-owner"], _FOR_CONTAINERS),
    }
    for path, (content, mode) in contents.items():
        path.unlink(missing_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
        path.chmod(mode)
    return list(contents)


def environment(made: Credentials) -> str:
    """Return the variables that compose.yaml asks for, as an .env file."""
    named = {variable(role): value for role, value in made.values.items()}
    lines = ["# Made by `python -m harness compose-secrets`; not for git."]
    return "\n".join([*lines, *(f"{name}={value}" for name, value in named.items())]) + "\n"


def variable(role: str) -> str:
    """Return the variable of a role: "redis-vote" is REDIS_VOTE_PASSWORD, "cookie-key" is COOKIE_KEY."""
    name = role.upper().replace("-", "_")
    return name if name.endswith("_KEY") else f"{name}_PASSWORD"
