"""The layout of a base image's files."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from harness.errors import UserError
from harness.images.rootfs import Layout, lay_out, merged_path

if TYPE_CHECKING:
    from pathlib import Path

needs_dpkg = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="no dpkg-deb on this machine")


@pytest.fixture
def deb(tmp_path: Path) -> Path:
    """Make a real package with a program, a library outside /usr, documentation and a set-UID file."""
    tree = tmp_path / "tree"
    for name, content in {
        "DEBIAN/control": "Package: thing\nVersion: 1:2-3\nArchitecture: all\nMaintainer: x <a@b>\nDescription: it\n",
        "bin/thing": "program",
        "lib/x86_64-linux-gnu/libthing.so": "library",
        "usr/share/doc/thing/copyright": "licence",
        "usr/share/doc/thing/changelog.gz": "prose",
        "usr/lib/thing/15/bin/tool": "tool",
    }.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(content)
    (tree / "bin/thing").chmod(0o6775)
    (tree / "lib/x86_64-linux-gnu/libthing.so.1").symlink_to("libthing.so")
    path = tmp_path / "thing_1%3a2-3_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "--build", tree, path], check=True, capture_output=True)
    return path


@pytest.mark.parametrize(
    ("packaged", "merged"),
    [
        ("bin/sh", "usr/bin/sh"),
        ("lib/x86_64-linux-gnu/libc.so.6", "usr/lib/x86_64-linux-gnu/libc.so.6"),
        ("lib64/ld.so", "usr/lib64/ld.so"),
        ("usr/bin/sh", "usr/bin/sh"),
        ("etc/passwd", "etc/passwd"),
        ("library/x", "library/x"),
    ],
)
def test_merged_path(packaged: str, merged: str) -> None:
    """Files go where the links of a merged /usr lead."""
    assert merged_path(packaged) == merged


@needs_dpkg
class TestLayOut:
    """A real package laid out."""

    def test_merges_and_prunes(self, deb: Path, tmp_path: Path) -> None:
        """Programs and libraries are below /usr, licences stay, other documentation goes."""
        root = tmp_path / "root"
        lay_out([deb], Layout(prune=("/usr/share/doc/*",), keep=("/usr/share/doc/*/copyright",)), root)
        assert (root / "usr/bin/thing").read_text() == "program"
        assert (root / "bin/thing").read_text() == "program"
        assert (root / "lib/x86_64-linux-gnu/libthing.so.1").read_text() == "library"
        assert (root / "usr/share/doc/thing/copyright").exists()
        assert not (root / "usr/share/doc/thing/changelog.gz").exists()

    def test_takes_rights_away(self, deb: Path, tmp_path: Path) -> None:
        """No file of an image may change the user, nor be written by others than its owner."""
        lay_out([deb], Layout(), tmp_path / "root")
        assert (tmp_path / "root/usr/bin/thing").stat().st_mode & 0o7777 == 0o755

    def test_keeps_the_control_file_for_scanners(self, deb: Path, tmp_path: Path) -> None:
        """A scanner finds which package in which version is in the image."""
        lay_out([deb], Layout(), tmp_path / "root")
        assert "Version: 1:2-3" in (tmp_path / "root/var/lib/dpkg/status.d/thing").read_text()

    def test_users(self, deb: Path, tmp_path: Path) -> None:
        """A layer's users are known by name, beside root and nobody."""
        lay_out([deb], Layout(users={"redis": 999}), tmp_path / "root")
        users = (tmp_path / "root/etc/passwd").read_text().splitlines()
        assert [line.split(":")[:3] for line in users] == [
            ["root", "x", "0"],
            ["redis", "x", "999"],
            ["nobody", "x", "65534"],
        ]
        assert "redis:x:999:" in (tmp_path / "root/etc/group").read_text().splitlines()

    def test_link_to_a_pattern(self, deb: Path, tmp_path: Path) -> None:
        """A link may lead to a path that has a version in it."""
        lay_out([deb], Layout(links={"/usr/bin/tool": "/usr/lib/thing/*/bin/tool"}), tmp_path / "root")
        assert (tmp_path / "root/usr/bin/tool").readlink().as_posix() == "/usr/lib/thing/15/bin/tool"

    def test_link_to_nothing(self, deb: Path, tmp_path: Path) -> None:
        """A link whose pattern matches nothing is refused: the image would lack a program."""
        with pytest.raises(UserError, match=r"/usr/bin/tool: expected one file like /usr/lib/none/\*, found 0"):
            lay_out([deb], Layout(links={"/usr/bin/tool": "/usr/lib/none/*"}), tmp_path / "root")

    def test_is_made_anew(self, deb: Path, tmp_path: Path) -> None:
        """What an earlier attempt left is not in the image."""
        (tmp_path / "root").mkdir()
        (tmp_path / "root/left-over").touch()
        lay_out([deb], Layout(), tmp_path / "root")
        assert not (tmp_path / "root/left-over").exists()
