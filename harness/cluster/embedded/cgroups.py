"""The node's cgroup, in cgroup v1 and v2: where it is, how it is made, how it is removed.

kubelet is told `cgroupRoot: /<name>`; the node's cgroup must exist beforehand in every hierarchy that kubelet or runc
writes to. All that differs between v1, v2 and the hybrid of the two is here.

On v2 (https://docs.kernel.org/admin-guide/cgroup-v2.html) a controller is there below a cgroup only if that cgroup's
`cgroup.subtree_control` has it, and a cgroup that hands controllers down may have no process of its own, the root
excepted. The node's cgroup has none: the components stay in the cgroup of whoever called `up`, and kubelet and runc,
which hands down by itself whatever there is (opencontainers/cgroups, fs2/create.go), make theirs below. Handing down
once more here keeps systemd from taking a controller back that no unit of its own needs: the kernel refuses that as
long as a child has it.

What remains: systemd owns the root of the tree and has not delegated it (https://systemd.io/CGROUP_DELEGATION/), which
works as it does for Docker's and kubelet's cgroupfs drivers, but is no promise of systemd's; where logind ends a
session's processes with it (KillUserProcesses=yes), the cluster ends with the session; and in a container whose cgroup
is the root of its namespace and has processes, no controller can be handed down: `create` says so. AppArmor: containerd
loads its default profile where it is enabled. The machine's firewall, and Docker's FORWARD DROP, do not reach the box's
network namespaces.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

from harness.errors import UserError
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
    """Make the node's cgroup everywhere, ready for kubelet to make its own below it.

    Raises:
        UserError: A controller that kubelet needs cannot be handed down to it.
    """
    for hierarchy in cgroups.hierarchies:
        folder = hierarchy.mount / name
        hands_down = cgroups.unified and hierarchy.version == 2  # noqa: PLR2004  # a version's number is its name
        if hands_down:
            _hand_down(hierarchy.mount)
        folder.mkdir(exist_ok=True)
        if hands_down:
            _hand_down(folder)
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
    def look() -> Seen:
        # Walked anew each time: until it is dead, what is in there may make more.
        folders = [Path(folder) for folder, _, _ in os.walk(root, topdown=False)]
        alive: list[str] = []
        _kill_tree(root)
        for folder in folders:
            alive += _kill_members(folder)
        for folder in folders:
            _remove_folder(folder)
        left = [str(folder) for folder in folders if folder.is_dir()]
        return Seen(not left, f"{len(left)} cgroups with processes {', '.join(alive) or 'that are ending'}")

    wait_for(f"removal of cgroup {root}", look, timeout_s=timeout_s, interval_s=0.02)


def _kill_tree(root: Path) -> None:
    # v2 from Linux 5.14: all at once, those that fork meanwhile included; elsewhere one by one.
    kill = root / "cgroup.kill"
    if kill.exists():
        kill.write_text("1")


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


def _hand_down(folder: Path) -> None:
    control = folder / "cgroup.subtree_control"
    have, done = (file.read_text().split() for file in (folder / "cgroup.controllers", control))
    # What is handed down already is left alone; one by one, since the kernel takes all of a line or nothing.
    for controller in (each for each in _WANTED_V2 if each in have and each not in done):
        try:
            control.write_text(f"+{controller}")
        except OSError as error:
            if controller in REQUIRED:
                raise UserError(
                    f"cgroup {folder}: its {controller} controller cannot be handed down: {error.strerror}; a cgroup "
                    "that has processes of its own cannot: run outside of this container, or in one whose init moves "
                    "them into a cgroup below, as systemd does"
                ) from None
