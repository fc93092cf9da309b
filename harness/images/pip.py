"""Passes this machine's way to a Python package index into a build, as secrets that leave no trace in an image."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from harness import process

SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
_SETTING = re.compile(r"^(?P<section>[^=]*)\.(?P<name>[a-z-]+)=(?P<quote>['\"])(?P<value>.*)(?P=quote)$")
# What a network asks for; everything else of a person's pip settings is theirs and would make builds differ.
_PASSED = ("index-url", "extra-index-url", "proxy", "timeout", "default-timeout", "trusted-host")
_BUNDLE_VARIABLES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


def secrets(folder: Path) -> dict[str, Path]:
    """Write the secrets `pip.conf` and `ca-bundle`, which the Containerfiles mount where pip looks for them.

    Returns:
        The files by secret id; without a bundle of certificates on this machine there is none.
    """
    said = process.run([sys.executable, "-m", "pip", "config", "list"], check=False).stdout
    settings = parse_settings(said)
    named = [settings.get("cert", ""), *(os.environ.get(name, "") for name in _BUNDLE_VARIABLES), str(SYSTEM_BUNDLE)]
    bundle = next((Path(name) for name in named if name and Path(name).is_file()), None)
    configuration = folder / "pip.conf"
    folder.mkdir(parents=True, exist_ok=True)
    configuration.touch(mode=0o600)
    configuration.write_text(pip_conf(settings, with_bundle=bundle is not None))
    return {"pip.conf": configuration, **({} if bundle is None else {"ca-bundle": bundle})}


def parse_settings(listed: str) -> dict[str, str]:
    """Parse what `pip config list` prints; a variable wins over a file, as it does for pip."""
    matches = [match for line in listed.splitlines() if (match := _SETTING.match(line.strip()))]
    matches.sort(key=lambda match: match["section"] == ":env:")
    return {match["name"]: match["value"] for match in matches}


def pip_conf(settings: dict[str, str], *, with_bundle: bool) -> str:
    """Return the pip.conf of a build."""
    chosen = {name: settings[name] for name in _PASSED if name in settings}
    if with_bundle:
        chosen["cert"] = str(SYSTEM_BUNDLE)
    chosen |= {"disable-pip-version-check": "true", "retries": "5", "root-user-action": "ignore"}
    # pip's own word for a list is one value a line, indented.
    return "[global]\n" + "".join(
        f"{name} = {value.replace(chr(92) + 'n', chr(10) + '    ')}\n" for name, value in chosen.items()
    )
