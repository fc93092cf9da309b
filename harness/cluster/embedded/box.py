"""The box's mount namespace: private folders over every place of the host that the components would write to."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from harness import paths, process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.cluster.embedded.layout import Layout

# Fresh and in memory: sockets, locks, records of network namespaces, CNI's and Calico's notes.
_IN_MEMORY = (Path("/run"), Path("/var/lib"))
# With content that may grow, kept below the state folder: the containers' logs, kubelet's pods.
_STORED = {Path("/var/log"): "var-log", Path("/var/lib/kubelet"): "kubelet"}


def mount(layout: Layout) -> None:
    """Cover the host's folders, in the box's own mount namespace; the kernel undoes it with the namespace.

    The caller is process 1 of the box. What the cluster itself is made of stays visible even where it lies below a
    covered folder, as a checkout in /var/lib/ci would.
    """
    kept = {folder: os.open(folder, os.O_PATH) for folder in to_keep(_IN_MEMORY, _own_folders(layout))}
    for folder in _IN_MEMORY:
        _mount("-t", "tmpfs", "-o", "mode=755", "ballotbox", str(folder))
    for folder, descriptor in kept.items():
        folder.mkdir(parents=True, exist_ok=True)
        _mount("--bind", f"/proc/1/fd/{descriptor}", str(folder))
        os.close(descriptor)
    for folder, name in _STORED.items():
        store = layout.data / name
        for needed in (store, folder):
            needed.mkdir(parents=True, exist_ok=True)
        _mount("--bind", str(store), str(folder))
    # kubelet passes mounts on to containers; that needs them shared within the box.
    _mount("--make-rshared", "/")


def to_keep(covered: Sequence[Path], own: Sequence[Path]) -> list[Path]:
    """Return those of our own folders that lie below a covered one, each once, outer ones first."""
    hidden = sorted({folder for folder in own if any(folder.is_relative_to(cover) for cover in covered)})
    return [
        folder for folder in hidden if not any(folder != outer and folder.is_relative_to(outer) for outer in hidden)
    ]


def _own_folders(layout: Layout) -> list[Path]:
    return [layout.state, paths.ROOT, paths.cache_dir(), Path(sys.prefix), Path(sys.base_prefix)]


def _mount(*arguments: str) -> None:
    process.run(["mount", *arguments], timeout_s=10)
