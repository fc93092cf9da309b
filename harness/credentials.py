"""Makes the secrets of one cluster, keeps them in its state folder and gives them to the next deployment again.

Nothing here is written into the repository or into a rendered manifest: Secrets go from memory to the API server.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import paths
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

ACL_TEMPLATE = paths.ROOT / "manifests" / "base" / "redis" / "users.acl.template"
FILE_NAME = "credentials.json"
# What each is for; the names are those of the file.
ROLES = ("redis-vote", "redis-worker", "redis-probe", "db-owner", "db-worker", "db-result", "cookie-key")
_ENTROPY_BYTES = 32
_PLACEHOLDER = re.compile(r"@([A-Z]+)@")


@dataclass(frozen=True, repr=False)
class Credentials:
    """The passwords and keys of a cluster by role; its text form has none of them."""

    values: Mapping[str, str]

    def __repr__(self) -> str:
        """Name the roles and nothing else."""
        return f"Credentials({', '.join(self.values)})"

    def __getitem__(self, role: str) -> str:
        """Return the value of a role."""
        return self.values[role]


def ensure(state: Path) -> Credentials:
    """Return the cluster's credentials, made where they are not there yet.

    Args:
        state: The cluster's state folder; the file in it can be read by its owner alone.

    Raises:
        UserError: The file is there and is no table of credentials.
    """
    path = state / FILE_NAME
    known = _read(path) if path.exists() else {}
    # 32 random bytes as URL-safe text: no quoting anywhere, and above the 32 bytes that a cookie's key needs.
    values = {role: known.get(role) or secrets.token_urlsafe(_ENTROPY_BYTES) for role in ROLES}
    if values != known:
        _write(path, values)
    path.chmod(0o600)
    return Credentials(values)


def secret_data(credentials: Credentials, acl_template: str) -> dict[str, dict[str, str]]:
    """Return the Secrets that the pods ask for: their names, keys and values."""
    return {
        "vote-secrets": {"REDIS_PASSWORD": credentials["redis-vote"], "COOKIE_KEY": credentials["cookie-key"]},
        "worker-secrets": {"REDIS_PASSWORD": credentials["redis-worker"], "DB_PASSWORD": credentials["db-worker"]},
        "migrate-secrets": {
            "DB_PASSWORD": credentials["db-owner"],
            "WORKER_DB_PASSWORD": credentials["db-worker"],
            "RESULT_DB_PASSWORD": credentials["db-result"],
        },
        "result-secrets": {"DB_PASSWORD": credentials["db-result"]},
        "postgres-secrets": {"owner-password": credentials["db-owner"]},
        "redis-acl": {
            "users.acl": users_acl(acl_template, credentials),
            "probe-password": credentials["redis-probe"],
        },
    }


def secret_objects(credentials: Credentials, namespace: str) -> list[dict[str, Any]]:
    """Return the Secrets as Kubernetes objects."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"app.kubernetes.io/part-of": "ballotbox"},
            },
            "type": "Opaque",
            "data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()},
        }
        for name, data in secret_data(credentials, ACL_TEMPLATE.read_text()).items()
    ]


def users_acl(template: str, credentials: Credentials) -> str:
    """Fill in Redis' ACL file: hashes of the passwords, so that Redis' own pod has none of them.

    Raises:
        UserError: The template names a user that has no password here.
    """

    def hashed(match: re.Match[str]) -> str:
        role = f"redis-{match[1].lower()}"
        if role not in credentials.values:
            raise UserError(f"{ACL_TEMPLATE.name}: {match[0]} has no password; known: {', '.join(credentials.values)}")
        return "#" + hashlib.sha256(credentials[role].encode()).hexdigest()

    # Redis reads neither comments nor blank lines that hold spaces.
    rules = [line for line in template.splitlines() if line.strip() and not line.startswith("#")]
    return "".join(f"{_PLACEHOLDER.sub(hashed, rule)}\n" for rule in rules)


def _read(path: Path) -> dict[str, str]:
    remedy = "remove it, and `up` makes new ones (the databases of this cluster then refuse them: `down` first)"
    try:
        known = json.loads(path.read_text())
    except json.JSONDecodeError as error:
        raise UserError(f"{path}: expected a table of credentials, found no JSON ({error}); {remedy}") from None
    if not isinstance(known, dict) or not all(isinstance(value, str) for value in known.values()):
        raise UserError(f"{path}: expected a table of credentials, found something else; {remedy}")
    return known


def _write(path: Path, values: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    # Private from its first byte on; a chmod afterwards would leave a gap.
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(values, file, indent=2)
    unfinished.replace(path)
