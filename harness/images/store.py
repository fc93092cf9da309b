"""Builds images with buildah, in a storage of its own: a person's own images are neither used nor touched."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import prerequisites, process
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_BUILD_TIMEOUT_S = 600.0
_TIMEOUT_S = 180.0
# buildah asks for this file and for nothing that it says: no image is pulled, so no signature is to be checked.
_POLICY = {"default": [{"type": "insecureAcceptAnything"}]}


@dataclass(frozen=True)
class Storage:
    """buildah's storage below one folder.

    Attributes:
        folder: Where everything is.
        driver: "overlay", or "vfs" where the folder's filesystem cannot carry overlays (inside a container, say).
    """

    folder: Path
    driver: str

    def has(self, reference: str) -> bool:
        """Tell whether there is an image of that name."""
        return self._buildah(["inspect", "--type", "image", reference], check=False).exit_code == 0

    def build(
        self,
        reference: str,
        containerfile: Path,
        context: Path,
        *,
        arguments: Mapping[str, str],
        secrets: Mapping[str, Path],
    ) -> None:
        """Build one image. Nothing is ever pulled: what it stands on is in the storage."""
        argv = [
            "build",
            "--isolation",
            "chroot",
            "--pull-never",
            "--format",
            "oci",
            "--layers=false",
            "--tag",
            reference,
        ]
        argv += [f"--build-arg={name}={value}" for name, value in arguments.items()]
        argv += [f"--secret=id={name},src={path}" for name, path in secrets.items()]
        self._buildah([*argv, "--file", str(containerfile), str(context)], timeout_s=_BUILD_TIMEOUT_S)

    def write(self, reference: str, folder: Path) -> None:
        """Write an image's blobs and its manifest.json into a folder; layers stay uncompressed.

        Not `oci:`, which compresses: a cluster on this machine would only have to undo that.
        """
        self._buildah(["push", "--quiet", "--disable-compression", reference, f"dir:{folder}"])

    def names(self) -> list[str]:
        """Return the names of all images."""
        said = json.loads(self._buildah(["images", "--json"]).stdout or "[]")
        return [name for image in said or () for name in image.get("names") or ()]

    def remove(self, references: Sequence[str]) -> None:
        """Remove images; one that another still stands on stays."""
        for reference in references:
            self._buildah(["rmi", reference], check=False)
        self._buildah(["rmi", "--prune"], check=False)

    def close(self) -> None:
        """Undo the mount that the storage library leaves behind."""
        folder = self.folder / "root" / self.driver
        if folder.is_mount():
            process.run(["umount", folder], check=False)

    def _buildah(self, argv: Sequence[str], *, timeout_s: float = _TIMEOUT_S, check: bool = True) -> process.Completed:
        program = prerequisites.find("buildah")
        if program is None:
            raise UserError("buildah: not found; as root, `apt-get install buildah`")
        where = [
            f"--root={self.folder / 'root'}",
            f"--runroot={self.folder / 'run'}",
            f"--storage-driver={self.driver}",
        ]
        command, *rest = argv
        if command in {"build", "push"}:
            rest = [f"--signature-policy={self._policy()}", *rest]
        environment = {"TMPDIR": str(self._scratch()), "BUILDAH_ISOLATION": "chroot", "STORAGE_OPTS": ""}
        return process.run([program, *where, command, *rest], env=environment, timeout_s=timeout_s, check=check)

    def _policy(self) -> Path:
        path = self.folder / "policy.json"
        if not path.exists():
            path.write_text(json.dumps(_POLICY))
        return path

    def _scratch(self) -> Path:
        path = self.folder / "tmp"
        path.mkdir(exist_ok=True)
        return path


@contextlib.contextmanager
def open_storage(folder: Path) -> Iterator[Storage]:
    """Give the storage below `folder`, made where it is not there yet.

    Raises:
        UserError: Not root.
    """
    if os.geteuid() != 0:
        raise UserError("images: buildah needs root here; run as root (`sudo ./nox ...`)")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    storage = Storage(folder, _driver(folder))
    try:
        yield storage
    finally:
        storage.close()


def _driver(folder: Path) -> str:
    chosen = folder / "driver"
    if chosen.exists():
        return chosen.read_text().strip()
    driver = "overlay" if _can_overlay(folder) else "vfs"
    chosen.write_text(driver)
    return driver


def _can_overlay(folder: Path) -> bool:
    """Try an overlay mount: a filesystem that cannot carry one says so only then."""
    scratch = Path(tempfile.mkdtemp(prefix="overlay-", dir=folder))
    try:
        for name in ("lower", "upper", "work", "merged"):
            (scratch / name).mkdir()
        options = f"lowerdir={scratch}/lower,upperdir={scratch}/upper,workdir={scratch}/work"
        mounted = process.run(["mount", "-t", "overlay", "overlay", "-o", options, scratch / "merged"], check=False)
        if mounted.exit_code == 0:
            process.run(["umount", scratch / "merged"])
        return mounted.exit_code == 0
    finally:
        shutil.rmtree(scratch)
