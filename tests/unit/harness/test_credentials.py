"""The secrets of a cluster."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
from typing import TYPE_CHECKING

import pytest

from harness import credentials, manifests
from harness.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def test_are_private_and_lasting(tmp_path: Path) -> None:
    """Only the owner reads the file, and the next deployment gets the same."""
    first = credentials.ensure(tmp_path / "state")
    path = tmp_path / "state" / credentials.FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert credentials.ensure(tmp_path / "state").values == first.values
    assert list((tmp_path / "state").iterdir()) == [path]


def test_are_private_whatever_the_umask(tmp_path: Path) -> None:
    """A permissive umask does not make the file readable, nor does a file that was so before stay so."""
    before = os.umask(0)
    try:
        credentials.ensure(tmp_path)
    finally:
        os.umask(before)
    path = tmp_path / credentials.FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    credentials.ensure(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_are_private_from_the_first_byte(tmp_path: Path) -> None:
    """There is no moment at which somebody else could read them."""
    before = os.umask(0)
    try:
        credentials._write(tmp_path / "written", {"role": "value"})
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "written").stat().st_mode) == 0o600


def test_differ(tmp_path: Path) -> None:
    """No two roles share a value, no two clusters do, and each has 32 bytes or more."""
    one, other = credentials.ensure(tmp_path / "one"), credentials.ensure(tmp_path / "other")
    values = [*one.values.values(), *other.values.values()]
    assert len(set(values)) == len(values) == 2 * len(credentials.ROLES)
    assert min(map(len, values)) >= 32


def test_new_role_keeps_the_others(tmp_path: Path) -> None:
    """A release that needs one more gets one more; the databases' own passwords stay what they are."""
    first = dict(credentials.ensure(tmp_path).values)
    path = tmp_path / credentials.FILE_NAME
    path.write_text(json.dumps({role: value for role, value in first.items() if role != "cookie-key"}))
    second = credentials.ensure(tmp_path).values
    assert {role for role in second if second[role] != first[role]} == {"cookie-key"}


@pytest.mark.parametrize("content", ["{", "[]", '{"db-owner": 7}'])
def test_damaged_file(tmp_path: Path, content: str) -> None:
    """A file that is no table of credentials is refused by name, not replaced: the databases know its values."""
    (tmp_path / credentials.FILE_NAME).write_text(content)
    with pytest.raises(UserError, match=r"credentials.json: expected a table of credentials"):
        credentials.ensure(tmp_path)


def test_text_form_has_no_value(tmp_path: Path) -> None:
    """A log that shows the object shows no secret."""
    made = credentials.ensure(tmp_path)
    assert not [role for role, value in made.values.items() if value in f"{made} {made!r}"]


def test_acl_file(tmp_path: Path) -> None:
    """Redis' users have hashes, no passwords; comments are gone, for Redis does not read them."""
    made = credentials.ensure(tmp_path)
    acl = credentials.users_acl(credentials.ACL_TEMPLATE.read_text(), made)
    assert [line.split()[:2] for line in acl.splitlines()] == [
        ["user", "default"],
        ["user", "vote"],
        ["user", "worker"],
        ["user", "probe"],
    ]
    assert f"user vote reset on #{hashlib.sha256(made['redis-vote'].encode()).hexdigest()} ~votes" in acl
    assert not [role for role, value in made.values.items() if value in acl]


def test_acl_of_an_unknown_user(tmp_path: Path) -> None:
    """A placeholder that no password belongs to is refused: the user would be without one."""
    with pytest.raises(UserError, match="@NOBODY@ has no password"):
        credentials.users_acl("user x on @NOBODY@", credentials.ensure(tmp_path))


def test_secrets_fit_what_pods_ask_for(tmp_path: Path) -> None:
    """Both ends of a connection get the same password."""
    data = credentials.secret_data(credentials.ensure(tmp_path), credentials.ACL_TEMPLATE.read_text())
    assert data["worker-secrets"]["DB_PASSWORD"] == data["migrate-secrets"]["WORKER_DB_PASSWORD"]
    assert data["result-secrets"]["DB_PASSWORD"] == data["migrate-secrets"]["RESULT_DB_PASSWORD"]
    assert data["postgres-secrets"]["owner-password"] == data["migrate-secrets"]["DB_PASSWORD"]


def test_secret_objects(tmp_path: Path) -> None:
    """The objects are the data in Kubernetes' form."""
    made = credentials.ensure(tmp_path)
    objects = {each["metadata"]["name"]: each for each in credentials.secret_objects(made, "somewhere")}
    assert objects["vote-secrets"]["metadata"]["namespace"] == "somewhere"
    assert base64.b64decode(objects["vote-secrets"]["data"]["COOKIE_KEY"]).decode() == made["cookie-key"]


def test_no_secret_is_committed() -> None:
    """The manifests hold no Secret: neither an object nor a generator of one."""
    for path in manifests.MANIFESTS.rglob("*.yaml"):
        text = path.read_text()
        assert "kind: Secret\n" not in text, path
        assert "secretGenerator" not in text, path
