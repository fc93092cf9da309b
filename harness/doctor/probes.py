"""Tries, each in namespaces made for it and gone after it, what no file of /proc tells for certain. Needs root."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from harness import paths, process
from harness.doctor import netfilter

_TRIAL_TIMEOUT_S = 20.0
NAMESPACES = "namespaces"
OVERLAY = "overlay"
NETFILTER = "netfilter"


def run(state: Path) -> dict[str, str]:
    """Try everything; return each trial's name with its complaint, which is empty where it went well.

    Args:
        state: Where clusters keep their data, which has to be able to carry an overlay.
    """
    return {NAMESPACES: namespaces(), OVERLAY: overlay(state), **network()}


def namespaces() -> str:
    """Try the namespaces of the node."""
    kinds = ["--mount", "--pid", "--net", "--uts", "--ipc", "--cgroup", "--fork"]
    return _complaint(["unshare", *kinds, "--propagation", "private", "true"])


def overlay(state: Path) -> str:
    """Try to mount an overlay whose upper layer is in `state`, as containerd does for every container."""
    existing = next(folder for folder in (state, *state.parents) if folder.is_dir())
    try:
        with tempfile.TemporaryDirectory(prefix="ballotbox-doctor-", dir=existing) as scratch:
            folders = {name: Path(scratch) / name for name in ("lowerdir", "upperdir", "workdir", "merged")}
            for folder in folders.values():
                folder.mkdir()
            layers = ",".join(f"{name}={folders[name]}" for name in ("lowerdir", "upperdir", "workdir"))
            mount = ["mount", "-t", "overlay", "-o", layers, "overlay", str(folders["merged"])]
            return _complaint(["unshare", "--mount", "--propagation", "private", *mount])
    except OSError as error:
        return str(error)


def network() -> dict[str, str]:
    """Try veth, ipset and iptables; what is missing altogether is not tried, for installing it may come first."""
    try:
        said = process.run(
            ["unshare", "--net", sys.executable, "-m", netfilter.__name__],
            cwd=paths.ROOT,
            timeout_s=_TRIAL_TIMEOUT_S,
        )
    except process.ProcessError as error:
        return {NETFILTER: str(error)}
    tried: dict[str, str] = json.loads(said.stdout)
    return tried


def _complaint(argv: list[str]) -> str:
    try:
        said = process.run(argv, check=False, timeout_s=_TRIAL_TIMEOUT_S)
    except process.ProcessError as error:
        return str(error)
    return "" if said.exit_code == 0 else " ".join(said.stderr.split()) or f"exit code {said.exit_code}"
