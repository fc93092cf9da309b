"""What a build learns of this machine's package index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.images import pip

if TYPE_CHECKING:
    from pathlib import Path

LISTED = """\
global.cert='/etc/ssl/own.pem'
global.index-url='https://files.example/simple'
install.user='true'
:env:.index-url='https://variable.example/simple'
:env:.extra-index-url='https://a.example\\nhttps://b.example'
"""


def test_parse_settings() -> None:
    """A variable wins over a file, wherever it is listed."""
    settings = pip.parse_settings(LISTED)
    assert settings["index-url"] == "https://variable.example/simple"
    assert (
        pip.parse_settings("\n".join(reversed(LISTED.splitlines())))["index-url"] == "https://variable.example/simple"
    )
    assert settings["cert"] == "/etc/ssl/own.pem"


def test_pip_conf() -> None:
    """Only what leads to the index is passed on, the certificates by the path they have inside the build."""
    written = pip.pip_conf(pip.parse_settings(LISTED), with_bundle=True)
    assert "index-url = https://variable.example/simple\n" in written
    assert "extra-index-url = https://a.example\n    https://b.example\n" in written
    assert "cert = /etc/ssl/certs/ca-certificates.crt\n" in written
    assert "user = true" not in written
    assert "cert =" not in pip.pip_conf({}, with_bundle=False)


def test_secrets_are_private(tmp_path: Path) -> None:
    """An index's address may hold a password: nobody else reads the file."""
    found = pip.secrets(tmp_path / "secrets")
    assert found["pip.conf"].stat().st_mode & 0o777 == 0o600
