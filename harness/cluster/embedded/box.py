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
_SYSCTL = Path("/proc/sys")
# kubelet insists on these and would set them for the whole machine, where they outlive the cluster and, for one, make
# the machine restart on a kernel's stumble. In the box they read as it wants them, and stay as they are.
# https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/cm/container_manager_linux.go (setupKernelTunables)
TUNABLES = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}


def mount(layout: Layout) -> None:
    """Cover the host's folders, in the box's own mount namespace; the kernel undoes it with the namespace.

    What the cluster itself is made of stays visible even where it lies below a
    covered folder, as a checkout in /var/lib/ci would.
    """
    kept = {folder: os.open(folder, os.O_PATH) for folder in to_keep(_IN_MEMORY, _own_folders(layout))}
    for folder in _IN_MEMORY:
        _mount("-t", "tmpfs", "-o", "mode=755", "ballotbox", str(folder))
    for folder, descriptor in kept.items():
        folder.mkdir(parents=True, exist_ok=True)
        _bind(descriptor, folder)
    for folder, name in _STORED.items():
        store = layout.data / name
        for needed in (store, folder):
            needed.mkdir(parents=True, exist_ok=True)
        _mount("--bind", str(store), str(folder))
    protect_kernel(Path("/run/ballotbox"))
    # kubelet passes mounts on to containers; that needs them shared within the box.
    _mount("--make-rshared", "/")


def protect_kernel(scratch: Path) -> None:
    """Make the machine's kernel parameters read-only in this mount namespace, the network namespace's own excepted.

    Args:
        scratch: A folder for files that stand for the parameters that kubelet insists on; it is made.
    """
    scratch.mkdir(parents=True)
    network = os.open(_SYSCTL / "net", os.O_PATH)
    _mount("--bind", str(_SYSCTL), str(_SYSCTL))
    _mount("-o", "remount,bind,ro", str(_SYSCTL))
    _bind(network, _SYSCTL / "net")
    for key, value in TUNABLES.items():
        if (_SYSCTL / key).exists():
            stand_in = scratch / key.replace("/", ".")
            stand_in.write_text(f"{value}\n")
            _mount("--bind", str(stand_in), str(_SYSCTL / key))


def to_keep(covered: Sequence[Path], own: Sequence[Path]) -> list[Path]:
    """Return those of our own folders that lie below a covered one, each once, outer ones first."""
    hidden = sorted({folder for folder in own if any(folder.is_relative_to(cover) for cover in covered)})
    return [
        folder for folder in hidden if not any(folder != outer and folder.is_relative_to(outer) for outer in hidden)
    ]


def _own_folders(layout: Layout) -> list[Path]:
    named = (layout.state, paths.ROOT, paths.cache_dir(), Path(sys.prefix), Path(sys.base_prefix))
    # Where a link leads is what a cover would hide: a home folder may be one to /var/lib.
    return [folder for each in named for folder in (each, each.resolve())]


def _bind(descriptor: int, folder: Path) -> None:
    # Made canonical, the link would be the path that is covered by now.
    _mount("--no-canonicalize", "--bind", f"/proc/{os.getpid()}/fd/{descriptor}", str(folder))
    os.close(descriptor)


def _mount(*arguments: str) -> None:
    process.run(["mount", *arguments], timeout_s=10)
