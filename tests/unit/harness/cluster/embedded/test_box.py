"""The box's mounts: what is covered, what stays visible, and what of the kernel is protected."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness import paths
from harness.cluster.embedded import box

COVERED = (Path("/run"), Path("/var/lib"))


def test_a_checkout_below_a_covered_folder_is_kept() -> None:
    """A continuous integration's checkout in /var/lib is seen inside the box."""
    own = [Path("/var/lib/ci/ballotbox"), Path("/home/me/.cache/ballotbox")]
    assert box.to_keep(COVERED, own) == [Path("/var/lib/ci/ballotbox")]


def test_the_outer_of_two_is_enough() -> None:
    """A folder inside another kept one is kept by it."""
    own = [Path("/var/lib/ci/ballotbox/.venv"), Path("/var/lib/ci/ballotbox")]
    assert box.to_keep(COVERED, own) == [Path("/var/lib/ci/ballotbox")]


def test_names_alike_are_not_inside() -> None:
    """/running is not below /run."""
    assert box.to_keep(COVERED, [Path("/running/ballotbox")]) == []


# As process 1 of fresh mount and pid namespaces, as the supervisor is.
_BOX = ["unshare", "--mount", "--pid", "--net", "--fork", "--mount-proc", "--propagation=private", sys.executable, "-c"]

_MOUNTED = """
import json, os, sys
from pathlib import Path
from harness.cluster.embedded import box
from harness.cluster.embedded.layout import Layout
state = Path(sys.argv[1])
box.mount(Layout("demo", state, 1, 2, 3))
Path("/var/log/pods").mkdir()
Path("/var/lib/kubelet/pods").mkdir()
def write(key):
    try:
        file = Path("/proc/sys") / key
        file.write_text(file.read_text())
    except OSError as error:
        return error.strerror
    return "written"
print(json.dumps({
    "run": sorted(os.listdir("/run")),
    "var": sorted(os.listdir("/var/lib")),
    "own": (state / "marker").read_text(),
    "tunables": {key: Path("/proc/sys", key).read_text().strip() for key in box.TUNABLES},
    # That they read so may be this machine's own doing: what counts is that each is a file of ours.
    "stand-ins": [key for key in box.TUNABLES if f" /proc/sys/{key} " in Path("/proc/self/mountinfo").read_text()],
    "panic_on_warn": write("kernel/panic_on_warn"),
    "ip_forward": write("net/ipv4/ip_forward"),
}))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces")
def test_mounted() -> None:
    """In the box /run and /var/lib are its own, our folders are there, and only the network's parameters are writable.

    The state lies below a covered folder, by way of a link, as a home folder may.
    """
    before = {key: Path("/proc/sys", key).read_text() for key in box.TUNABLES}
    hidden = Path("/var/lib/ballotbox-unit-test")
    link = Path("/var/tmp/ballotbox-unit-test")  # noqa: S108  # a place that is not covered
    try:
        (hidden / "state" / "data").mkdir(parents=True)
        (hidden / "state" / "marker").write_text("ours")
        link.symlink_to(hidden)
        done = subprocess.run(
            [*_BOX, _MOUNTED, str(link / "state")], cwd=paths.ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        assert sorted(path.name for path in (hidden / "state" / "data").iterdir()) == ["kubelet", "var-log"]
        assert (hidden / "state" / "data" / "var-log" / "pods").is_dir()
        assert (hidden / "state" / "data" / "kubelet" / "pods").is_dir()
    finally:
        link.unlink(missing_ok=True)
        subprocess.run(["rm", "-rf", str(hidden)], check=True)
    assert set(seen["run"]) - {"mount"} == {"ballotbox"}  # mount(8) keeps notes of its own
    assert seen["var"] == ["ballotbox-unit-test", "kubelet"]
    assert seen["own"] == "ours"
    assert seen["tunables"] == box.TUNABLES
    assert seen["stand-ins"] == list(box.TUNABLES)
    assert seen["panic_on_warn"] == "Read-only file system"
    assert seen["ip_forward"] == "written"
    assert {key: Path("/proc/sys", key).read_text() for key in box.TUNABLES} == before
