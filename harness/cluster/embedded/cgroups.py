"""The node's cgroup, in cgroup v1 and v2: where it is, how it is made, how it is removed.

kubelet is told `cgroupRoot: /<name>`; the node's cgroup must exist beforehand in every hierarchy that kubelet or runc
writes to. All that differs between v1, v2 and the hybrid of the two is here.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from harness.waiting import Seen, wait_for

# What kubelet needs; hugetlb and io are used where they exist.
REQUIRED = frozenset({"cpu", "cpuset", "memory", "pids"})
_WANTED_V2 = ("cpuset", "cpu", "io", "memory", "hugetlb", "pids")
_NO_CONTROLLER = frozenset({"rw", "ro", "xattr", "clone_children", "noprefix"})


@dataclass(frozen=True)
class Hierarchy:
    """One mounted cgroup hierarchy.

    Attributes:
        mount: Where it is mounted.
        version: 1 or 2.
        controllers: The v1 controllers on it (`name=systemd` counts as one); empty for v2, which says so itself.
    """

    mount: Path
    version: int
    controllers: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Cgroups:
    """The hierarchies of a machine.

    Attributes:
        hierarchies: All of them, in mount order.
        unified: Whether v2 is the one that has the controllers (mounted at /sys/fs/cgroup itself).
    """

    hierarchies: tuple[Hierarchy, ...]
    unified: bool

    @property
    def version(self) -> int:
        """The version that kubelet will see: 2 only where v2 has the controllers."""
        return 2 if self.unified else 1

    def folders(self, name: str) -> tuple[Path, ...]:
        """Return the node's cgroup in every hierarchy."""
        return tuple(hierarchy.mount / name for hierarchy in self.hierarchies)


def parse(mountinfo: str) -> Cgroups:
    """Read the cgroup hierarchies from the text of /proc/self/mountinfo (proc(5))."""
    found: dict[Path, Hierarchy] = {}
    for line in mountinfo.splitlines():
        before, separator, after = line.partition(" - ")
        if not separator:
            continue
        mount = Path(before.split()[4].encode().decode("unicode_escape"))
        kind, _, options = after.split(maxsplit=2)
        if kind == "cgroup2":
            found[mount] = Hierarchy(mount, 2)
        elif kind == "cgroup":
            controllers = frozenset(options.split(",")) - _NO_CONTROLLER
            found[mount] = Hierarchy(mount, 1, controllers)
    hierarchies = tuple(found.values())
    v1 = any(hierarchy.version == 1 and "memory" in hierarchy.controllers for hierarchy in hierarchies)
    return Cgroups(hierarchies, unified=bool(hierarchies) and not v1)


def read() -> Cgroups:
    """Read this machine's hierarchies."""
    return parse(Path("/proc/self/mountinfo").read_text())


def missing_controllers(cgroups: Cgroups, v2_controllers: str = "") -> frozenset[str]:
    """Return the required controllers that the machine lacks.

    Args:
        cgroups: The machine's hierarchies.
        v2_controllers: The text of `cgroup.controllers` at the root of v2.
    """
    have = set(v2_controllers.split()) if cgroups.unified else set()
    for hierarchy in cgroups.hierarchies:
        have |= hierarchy.controllers
    return REQUIRED - have


def create(cgroups: Cgroups, name: str) -> None:
    """Make the node's cgroup everywhere, ready for kubelet to make its own below it."""
    for hierarchy in cgroups.hierarchies:
        folder = hierarchy.mount / name
        if hierarchy.version == 2 and cgroups.unified:  # noqa: PLR2004  # a version's number is its name
            _delegate(hierarchy.mount)
        folder.mkdir(exist_ok=True)
        if hierarchy.version == 2 and cgroups.unified:  # noqa: PLR2004
            _delegate(folder)
        if "cpuset" in hierarchy.controllers:
            # cpuset(7): a v1 cpuset starts empty, and a process cannot join an empty one.
            for file in ("cpuset.cpus", "cpuset.mems"):
                (folder / file).write_text((hierarchy.mount / file).read_text())


def remove(cgroups: Cgroups, name: str, *, timeout_s: float = 5.0) -> None:
    """Remove the node's cgroup everywhere, ending what still runs in it; it is no error if there is none."""
    for root in cgroups.folders(name):
        if root.is_dir():
            _remove_tree(root, timeout_s)


def _remove_tree(root: Path, timeout_s: float) -> None:
    folders = [Path(folder) for folder, _, _ in os.walk(root, topdown=False)]

    def look() -> Seen:
        alive: list[str] = []
        for folder in folders:
            alive += _kill_members(folder)
        for folder in folders:
            _remove_folder(folder)
        left = [str(folder) for folder in folders if folder.is_dir()]
        return Seen(not left, f"{len(left)} cgroups with processes {', '.join(alive) or 'that are ending'}")

    wait_for(f"removal of cgroup {root}", look, timeout_s=timeout_s, interval_s=0.02)


def _kill_members(folder: Path) -> list[str]:
    try:
        members = (folder / "cgroup.procs").read_text().split()
    except OSError:  # gone meanwhile
        return []
    for member in members:
        # 0 stands for a process of another pid namespace that this one cannot see; its namespace's end ends it.
        if member != "0":
            try:
                os.kill(int(member), signal.SIGKILL)
            except ProcessLookupError:
                continue
    return members


def _remove_folder(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:  # gone already, or a process in it is still ending: looked at again
        return


def _delegate(folder: Path) -> None:
    have = (folder / "cgroup.controllers").read_text().split()
    wanted = [controller for controller in _WANTED_V2 if controller in have]
    (folder / "cgroup.subtree_control").write_text(" ".join(f"+{controller}" for controller in wanted))
