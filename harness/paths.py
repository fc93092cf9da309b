"""Where things are: the repository, and the XDG folders for caches and for the state of clusters.

Folders: https://specifications.freedesktop.org/basedir-spec/latest/
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "reports"


def cache_dir() -> Path:
    """Return the folder of what can be made again at the price of time: programs, images, Go's own caches aside."""
    return _xdg("XDG_CACHE_HOME", ".cache") / "ballotbox"


def state_dir(cluster: str) -> Path:
    """Return the folder of one cluster's state: its keys, data, logs and kubeconfig; `down` removes it."""
    return _xdg("XDG_STATE_HOME", ".local/state") / "ballotbox" / cluster


def _xdg(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    # The specification: a relative path is invalid and is to be ignored.
    return Path(value) if value.startswith("/") else Path.home() / default
