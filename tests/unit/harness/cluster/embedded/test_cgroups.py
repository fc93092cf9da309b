"""The node's cgroup, over recorded mount tables of cgroup v1, v2 and the hybrid of the two."""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest

from harness.cluster.embedded import cgroups
from harness.cluster.embedded.cgroups import Hierarchy
from harness.errors import UserError
from harness.waiting import Seen, WaitError, wait_for

# A container host without systemd: one controller a mount, and an empty v2 beside them.
V1 = """\
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
"""

# Debian 10 with systemd's hybrid layout: joined controllers.
HYBRID = """\
24 29 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
30 24 0:26 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:10 - cgroup2 cgroup2 rw,nsdelegate
32 30 0:28 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:11 - cgroup cgroup rw,xattr,name=systemd
36 30 0:32 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:16 - cgroup cgroup rw,cpu,cpuacct
37 30 0:33 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:17 - cgroup cgroup rw,memory
38 30 0:34 / /sys/fs/cgroup/cpuset rw,nosuid,nodev,noexec,relatime shared:18 - cgroup cgroup rw,cpuset
"""

# Debian 12, Ubuntu 24.04: v2 alone.
V2 = """\
24 31 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
33 24 0:27 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate
"""


class TestParse:
    """`parse` reads the cgroup hierarchies of a mount table."""

    def test_v1(self) -> None:
        """A v1 host has one hierarchy a controller, and its v2 mount does not make it a v2 host."""
        found = cgroups.parse(V1)
        assert found.version == 1
        assert [str(folder) for folder in found.folders("n")] == [
            f"/sys/fs/cgroup/{name}/n" for name in ("cpu", "cpuacct", "cpuset", "memory", "pids", "systemd", "unified")
        ]

    def test_hybrid(self) -> None:
        """Joined controllers are one hierarchy, and mount flags are no controllers."""
        found = cgroups.parse(HYBRID)
        assert found.version == 1
        assert Hierarchy(Path("/sys/fs/cgroup/cpu,cpuacct"), 1, frozenset({"cpu", "cpuacct"})) in found.hierarchies
        assert Hierarchy(Path("/sys/fs/cgroup/systemd"), 1, frozenset({"name=systemd"})) in found.hierarchies

    def test_v2(self) -> None:
        """A v2 host has one hierarchy at the top."""
        found = cgroups.parse(V2)
        assert found.version == 2
        assert found.folders("n") == (Path("/sys/fs/cgroup/n"),)

    def test_none(self) -> None:
        """A machine without cgroups has none, and is not taken for a v2 host."""
        assert cgroups.parse("22 27 0:21 / /proc rw - proc proc rw\n") == cgroups.Cgroups((), unified=False)


class TestMissingControllers:
    """`missing_controllers` names what kubelet would stumble over."""

    def test_v1_lacks_pids(self) -> None:
        """The hybrid table above has no pids hierarchy."""
        assert cgroups.missing_controllers(cgroups.parse(HYBRID)) == {"pids"}

    def test_v2_says_so_itself(self) -> None:
        """On v2 the root's cgroup.controllers counts."""
        assert cgroups.missing_controllers(cgroups.parse(V2), "cpuset cpu io memory pids\n") == frozenset()
        assert cgroups.missing_controllers(cgroups.parse(V2), "cpuset cpu io pids\n") == {"memory"}

    def test_v1_ignores_v2s_word(self) -> None:
        """A v1 host's empty v2 mount does not lend it controllers."""
        assert cgroups.missing_controllers(cgroups.parse(HYBRID), "pids") == {"pids"}


class V2Tree:
    """A folder that looks like a v2 root, whose files answer as the kernel's: a real one cannot be had on a v1 host."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch, refused: tuple[str, ...] = ()) -> None:
        self.root = root
        self.writes: list[str] = []
        self._refused = refused
        self.fill(root, "cpuset cpu io memory pids rdma")
        mkdir, write_text = Path.mkdir, Path.write_text

        def made(path: Path, **kwargs: bool) -> None:  # the kernel fills a new cgroup's folder
            mkdir(path, **kwargs)
            self.fill(path, (root / "cgroup.subtree_control").read_text())

        def written(path: Path, text: str) -> int:
            if path.name != "cgroup.subtree_control":
                return write_text(path, text)
            self.writes.append(f"{path.parent.name} {text}")
            if text.removeprefix("+") in self._refused:
                raise OSError(errno.EBUSY, "Device or resource busy", str(path))
            return write_text(path, f"{path.read_text()} {text.removeprefix('+')}".strip())

        self._write = write_text
        monkeypatch.setattr(Path, "mkdir", made)
        monkeypatch.setattr(Path, "write_text", written)

    def fill(self, folder: Path, controllers: str, handed_down: str = "") -> None:
        """Give a folder a cgroup's files."""
        with (folder / "cgroup.controllers").open("w") as file:
            file.write(f"{controllers}\n")
        with (folder / "cgroup.subtree_control").open("w") as file:
            file.write(handed_down)

    @property
    def cgroups(self) -> cgroups.Cgroups:
        """The machine of this tree."""
        return cgroups.Cgroups((Hierarchy(self.root, 2),), unified=True)


class TestCreate:
    """`create` makes the node's cgroup ready for kubelet."""

    def test_v2_hands_down_what_kubelet_wants(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The controllers that exist and are wanted are handed down, at the root and below it."""
        tree = V2Tree(tmp_path, monkeypatch)
        cgroups.create(tree.cgroups, "node")
        assert (tmp_path / "cgroup.subtree_control").read_text() == "cpuset cpu io memory pids"
        assert (tmp_path / "node" / "cgroup.subtree_control").read_text() == "cpuset cpu io memory pids"

    def test_v2_leaves_alone_what_is_handed_down(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """What systemd has handed down already is not written again at its root."""
        tree = V2Tree(tmp_path, monkeypatch)
        tree.fill(tmp_path, "cpuset cpu io memory pids rdma", "cpu io memory pids")
        cgroups.create(tree.cgroups, "node")
        assert [write for write in tree.writes if not write.startswith("node ")] == [f"{tmp_path.name} +cpuset"]

    def test_v2_does_without_what_is_not_required(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A controller that kubelet can do without may be refused, and the others are handed down."""
        tree = V2Tree(tmp_path, monkeypatch, refused=("io",))
        cgroups.create(tree.cgroups, "node")
        assert (tmp_path / "node" / "cgroup.subtree_control").read_text() == "cpuset cpu memory pids"

    def test_v2_that_cannot_hand_down_says_so(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where a controller that kubelet needs is refused, the error names cgroup and controller, and the remedy."""
        tree = V2Tree(tmp_path, monkeypatch, refused=("memory",))
        with pytest.raises(UserError, match=r"its memory controller cannot be handed down: .*busy; .*outside of this"):
            cgroups.create(tree.cgroups, "node")

    def test_v1_fills_the_cpuset(self, tmp_path: Path) -> None:
        """A new v1 cpuset gets its root's processors and memory nodes."""
        (tmp_path / "cpuset.cpus").write_text("0-1\n")
        (tmp_path / "cpuset.mems").write_text("0\n")
        cgroups.create(cgroups.Cgroups((Hierarchy(tmp_path, 1, frozenset({"cpuset"})),), unified=False), "node")
        assert (tmp_path / "node" / "cpuset.cpus").read_text() == "0-1\n"
        assert (tmp_path / "node" / "cpuset.mems").read_text() == "0\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for cgroups")
class TestOnThisMachine:
    """`create` and `remove` against the machine's real cgroups, as root."""

    NAME = f"ballotbox-unit-test-{os.getpid()}"

    def test_removes_a_populated_tree(self) -> None:
        """A tree with a nested cgroup and a process in it is gone afterwards, and so is the process."""
        hierarchies = cgroups.read()
        cgroups.create(hierarchies, self.NAME)
        try:
            nested = hierarchies.folders(self.NAME)[0] / "kubepods"
            nested.mkdir()
            sleeper = subprocess.Popen(["sleep", "60"])
            (nested / "cgroup.procs").write_text(str(sleeper.pid))
        finally:
            # Reaps as the kernel's parent would: a zombie keeps its cgroup.
            cgroups.remove(hierarchies, self.NAME)
        assert sleeper.wait(timeout=5) == -9
        assert not [folder for folder in hierarchies.folders(self.NAME) if folder.exists()]

    def test_removes_what_is_made_meanwhile(self) -> None:
        """A cgroup that a process makes while it is being ended goes, too."""
        hierarchies = cgroups.read()
        cgroups.create(hierarchies, self.NAME)
        root = hierarchies.folders(self.NAME)[0]
        with subprocess.Popen(
            ["sh", "-c", f"i=0; while mkdir {root}/$i 2>&-; do i=$((i+1)); sleep 0.001; done"]
        ) as maker:
            wait_for("the first of them", lambda: Seen((root / "3").exists(), "none"), timeout_s=10)
            (root / "cgroup.procs").write_text(str(maker.pid))
            cgroups.remove(hierarchies, self.NAME)
        assert not root.exists()

    def test_v2_kills_all_at_once(self, tmp_path: Path) -> None:
        """Where the kernel can end a whole tree, it is asked to."""
        folder = tmp_path / "node"
        folder.mkdir()
        (folder / "cgroup.kill").touch()
        with pytest.raises(WaitError):  # a file keeps this folder from being removed
            cgroups.remove(cgroups.Cgroups((Hierarchy(tmp_path, 2),), unified=True), "node", timeout_s=0.0)
        assert (folder / "cgroup.kill").read_text() == "1"

    def test_nothing_to_remove(self) -> None:
        """Removing what is not there is no error."""
        cgroups.remove(cgroups.read(), f"{self.NAME}-absent")

    def test_gives_up_by_name(self, tmp_path: Path) -> None:
        """A cgroup that cannot be removed is named in the error."""
        folder = tmp_path / "stuck"
        folder.mkdir()
        (folder / "occupied").write_text("")
        with pytest.raises(WaitError, match=r"removal of cgroup .*stuck"):
            cgroups.remove(cgroups.Cgroups((Hierarchy(tmp_path, 1),), unified=False), "stuck", timeout_s=0.1)
