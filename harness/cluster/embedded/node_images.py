"""The node's image store, filled once for a set of images and linked into every cluster that starts with it.

An import reads, hashes and writes every layer twice over: eight seconds of one processor, where a whole warm start
takes twenty. So a containerd that does nothing else imports the set into a folder of the cache, and a new cluster's
containerd finds hard links to it, and copies of the databases. Neither containerd nor a container ever writes to a file
of a layer that is there: what a container changes goes into a layer of its own.

    python -m harness.cluster.embedded.node_images FOLDER ARCHIVE      (as process 1 of namespaces of its own)
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from harness import paths, process, programs
from harness.cluster.embedded import private
from harness.cluster.embedded.components import search_path
from harness.errors import UserError
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.images import ImageSet

_FORMAT = 1
_START_TIMEOUT_S = 30.0
_FILL_TIMEOUT_S = 300.0
_END_TIMEOUT_S = 10.0
_RUN = Path("/run")
# What containerd changes in place: bolt's databases, one a plugin.
_DATABASES = "*/*.db"


def missing(images: ImageSet) -> bool:
    """Tell whether `ensure` would have to fill a store."""
    return not _home(images).is_dir()


def ensure(images: ImageSet) -> None:
    """Fill the store with these images where that was not done yet.

    Raises:
        UserError: containerd does not start, or cannot import them.
    """
    with _ensured(images):
        pass


def give(images: ImageSet, root: Path) -> None:
    """Give a cluster's containerd the store: links where the file system can, copies where it is another one.

    Args:
        images: The images, of which the store is filled where that was not done yet.
        root: containerd's root folder, which is made.

    Raises:
        UserError: The store cannot be filled, or there is no room for a copy of it.
    """
    with _ensured(images) as store:
        linked = process.run(["cp", "--archive", "--link", store, root], check=False)
        if linked.exit_code != 0:
            shutil.rmtree(root, ignore_errors=True)
            process.run(["cp", "--archive", "--reflink=auto", store, root], timeout_s=_FILL_TIMEOUT_S)
        for database in store.glob(_DATABASES):
            private.write(root / database.relative_to(store), database.read_bytes())


@contextmanager
def _ensured(images: ImageSet) -> Iterator[Path]:
    """Give the store, which stays as long as the context does."""
    home = _home(images)
    private.folder(home.parent)
    with (home.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.is_dir():
            with tempfile.TemporaryDirectory(prefix="filling-", dir=home.parent) as scratch:
                _fill_apart(Path(scratch), images.archive())
                (Path(scratch) / "root").rename(home)
            for other in home.parent.iterdir():
                if other.is_dir() and other != home:
                    shutil.rmtree(other)
        yield home


def _fill_apart(folder: Path, archive: Path) -> None:
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--propagation=private"]
    fill = [sys.executable, "-m", __name__, str(folder), str(archive)]
    process.run([*apart, *fill], env={"PYTHONPATH": str(paths.ROOT)}, timeout_s=_FILL_TIMEOUT_S)
    # Each cluster's containerd makes an identity of its own.
    shutil.rmtree(folder / "root" / "io.containerd.grpc.v1.introspection")
    os.sync()  # a power cut must not leave a store that looks whole


def _home(images: ImageSet) -> Path:
    references = sorted(image.reference for image in images.images.values())
    made_of = "\n".join([str(_FORMAT), programs.homes("containerd")["containerd"].name, *references])
    return paths.cache_dir() / "node-images" / hashlib.sha256(made_of.encode()).hexdigest()[:16]


def fill(folder: Path, archive: Path) -> None:
    """Import an archive into `folder`/root by a containerd that ends afterwards.

    Raises:
        UserError: containerd does not start, or cannot import it.
    """
    home = programs.homes("containerd")["containerd"]
    # A socket's path has to be short, and a cache's may be long.
    process.run(["mount", "-t", "tmpfs", "-o", "mode=700", "ballotbox", _RUN])
    socket = _RUN / "containerd.sock"
    configuration = _RUN / "containerd.toml"
    # Without the plugins that serve kubelet: they want a network and a runtime.
    configuration.write_text(
        f"""version = 3
root = {json.dumps(str(folder / "root"))}
state = "{_RUN}/state"
disabled_plugins = ["io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime", "io.containerd.grpc.v1.cri"]

[grpc]
address = "{socket}"

[ttrpc]
address = "{_RUN}/ttrpc.sock"
"""
    )
    command = [str(home / "containerd"), f"--config={configuration}", "--log-level=error"]
    environment = {"PATH": f"{home}{os.pathsep}{search_path()}", "HOME": str(folder)}
    with subprocess.Popen(command, env=environment) as containerd:
        try:
            wait_for("containerd", lambda: _look(containerd, socket), timeout_s=_START_TIMEOUT_S)
            ctr = [str(home / "ctr"), "--address", str(socket), "--namespace", "k8s.io"]
            process.run([*ctr, "images", "import", str(archive)], timeout_s=_FILL_TIMEOUT_S)
            containerd.terminate()
            containerd.wait(_END_TIMEOUT_S)
        except BaseException:
            containerd.kill()  # here, because leaving `with` waits for its end
            raise


def _look(containerd: subprocess.Popen[bytes], socket: Path) -> Seen:
    if containerd.poll() is not None:
        raise UserError(f"containerd ended with exit code {containerd.returncode}")
    return Seen(socket.is_socket(), "it runs, without its socket")


if __name__ == "__main__":
    try:
        fill(Path(sys.argv[1]), Path(sys.argv[2]))
    except UserError as error:
        sys.exit(str(error))
