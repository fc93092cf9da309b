"""Reading /proc."""

from __future__ import annotations

import pytest

from harness.errors import UserError
from harness.policy.inspection import read

STATUS = """\
Name:\tpython3
Uid:\t1000\t1000\t1000\t1000
Gid:\t1000\t1000\t1000\t1000
CapInh:\t0000000000000000
CapPrm:\t0000000000000000
CapEff:\t0000000000000000
CapBnd:\t0000000000000000
CapAmb:\t0000000000000000
NoNewPrivs:\t1
Seccomp:\t2
Seccomp_filters:\t1
"""
MOUNTS = """\
1 0 0:1 / / ro,relatime - overlay overlay rw,lowerdir=a
2 1 0:2 / /tmp rw,nosuid - tmpfs tmpfs rw
"""


def test_a_hardened_process() -> None:
    """Everything that restricted promises is read."""
    process = read(STATUS, MOUNTS)
    assert process.uids == process.gids == (1000,) * 4
    assert process.capabilities == {}
    assert process.no_new_privileges
    assert process.seccomp == 2
    assert process.read_only_root
    assert not process.token


@pytest.mark.parametrize(
    ("status", "mounts", "attribute", "value"),
    [
        (STATUS.replace("1000\t1000\t1000\t1000", "0\t0\t0\t0", 1), MOUNTS, "uids", (0, 0, 0, 0)),
        (
            STATUS.replace("CapBnd:\t0000000000000000", "CapBnd:\t0000000000000400"),
            MOUNTS,
            "capabilities",
            {"CapBnd": 0x400},
        ),
        (STATUS.replace("NoNewPrivs:\t1", "NoNewPrivs:\t0"), MOUNTS, "no_new_privileges", False),
        (STATUS.replace("Seccomp:\t2", "Seccomp:\t0"), MOUNTS, "seccomp", 0),
        # The file system's own options may say rw where the mount is ro, and the other way round.
        (STATUS, MOUNTS.replace("ro,relatime", "rw,relatime"), "read_only_root", False),
        (STATUS, MOUNTS + "3 1 0:3 / /run/secrets/kubernetes.io/serviceaccount ro - tmpfs tmpfs rw\n", "token", True),
    ],
)
def test_each_lack_is_seen(status: str, mounts: str, attribute: str, value: object) -> None:
    """One by one."""
    assert getattr(read(status, mounts), attribute) == value


@pytest.mark.parametrize(("status", "mounts"), [("", MOUNTS), (STATUS, ""), ("Uid: x", MOUNTS)])
def test_what_is_no_proc_is_an_error(status: str, mounts: str) -> None:
    """Nothing read is never nothing wrong."""
    with pytest.raises(UserError, match="/proc/1/status"):
        read(status, mounts)
