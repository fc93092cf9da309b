"""Lays out the root filesystem of a base image from .deb files: unpacked, merged into /usr, pruned; nothing is run."""

from __future__ import annotations

import fnmatch
import os
import shutil
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness import process
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")  # https://wiki.debian.org/UsrMerge
_UNPACK_TIMEOUT_S = 120.0
_NSSWITCH = "passwd: files\ngroup: files\nhosts: files dns\n"


@dataclass(frozen=True)
class Layout:
    """What a layer's files are.

    Attributes:
        prune: Shell patterns of absolute paths that are left out; `*` matches "/" as well.
        keep: Patterns that win over `prune`.
        users: Users to add to /etc/passwd: name to UID, which is the GID too.
        links: Symbolic links to make: path to target. A target that begins with "/" may be a pattern with one match.
    """

    prune: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    users: Mapping[str, int] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)

    def wants(self, path: str) -> bool:
        """Tell whether the file at this absolute path belongs into the image."""
        return _matches(path, self.keep) or not _matches(path, self.prune)


def lay_out(debs: Iterable[Path], layout: Layout, root: Path) -> None:
    """Unpack the packages into `root`, which is made anew.

    The package's control file is kept in /var/lib/dpkg/status.d/, where image scanners look for it, as in distroless.
    """
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")
    status = root / "var/lib/dpkg/status.d"
    status.mkdir(parents=True)
    unpacked = root.parent / f"{root.name}.deb"
    for deb in debs:
        shutil.rmtree(unpacked, ignore_errors=True)
        process.run(["dpkg-deb", "--extract", deb, unpacked], timeout_s=_UNPACK_TIMEOUT_S)
        _merge(unpacked, root, layout)
        (status / deb.name.split("_", 1)[0]).write_text(process.run(["dpkg-deb", "--field", deb]).stdout)
    shutil.rmtree(unpacked, ignore_errors=True)
    _add_users(root, layout.users)
    for link, target in layout.links.items():
        _link(root, link, target)
    tmp = root / "tmp"
    tmp.mkdir(exist_ok=True)
    tmp.chmod(0o1777)
    _remove_empty_folders(root, spare={tmp})


def merged_path(relative: str) -> str:
    """Return where a package's file goes on a system whose /bin, /sbin and /lib* are links into /usr."""
    head, _, rest = relative.partition("/")
    return f"usr/{head}/{rest}" if head in _MERGED and rest else relative


def _merge(source: Path, root: Path, layout: Layout) -> None:
    for path in _files(source):
        relative = merged_path(path.relative_to(source).as_posix())
        if not layout.wants(f"/{relative}"):
            continue
        target = root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.is_symlink() or target.exists():
            target.unlink()
        path.rename(target)
        if not target.is_symlink():
            # Nothing in an image needs to become another user, nor to be writable.
            mode = stat.S_IMODE(target.stat().st_mode)
            target.chmod(mode & ~(stat.S_ISUID | stat.S_ISGID | stat.S_IWGRP | stat.S_IWOTH))


def _files(folder: Path) -> Iterator[Path]:
    """Yield everything below that is not a folder; links to folders are links."""
    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        yield from (here / name for name in files)
        yield from (here / name for name in folders if (here / name).is_symlink())


def _add_users(root: Path, users: Mapping[str, int]) -> None:
    (root / "etc").mkdir(exist_ok=True)
    everyone = {"root": 0, **users, "nobody": 65534}
    passwd = [
        f"{name}:x:{uid}:{uid}:{name}:{'/root' if uid == 0 else '/nonexistent'}:/usr/sbin/nologin"
        for name, uid in everyone.items()
    ]
    group = [f"{name}:x:{uid}:" for name, uid in everyone.items()]
    (root / "etc/passwd").write_text("\n".join(passwd) + "\n")
    (root / "etc/group").write_text("\n".join(group) + "\n")
    (root / "etc/nsswitch.conf").write_text(_NSSWITCH)


def _link(root: Path, link: str, target: str) -> None:
    if target.startswith("/"):
        found = [path.relative_to(root) for path in root.glob(target.lstrip("/"))]
        if len(found) != 1:
            raise UserError(
                f"services/base/packages.toml: link {link}: expected one file like {target}, found {len(found)}"
            )
        target = f"/{found[0]}"
    path = root / link.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def _remove_empty_folders(root: Path, spare: set[Path]) -> None:
    for parent, _, _ in os.walk(root, topdown=False):
        folder = Path(parent)
        if folder not in spare and folder != root and not any(folder.iterdir()):
            folder.rmdir()


def _matches(path: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)
