"""What a machine is and has: gathered here, once, so that everything after it is plain data."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness import paths, prerequisites, process, programs
from harness.cluster.embedded import cgroups
from harness.doctor import listeners, probes

if TYPE_CHECKING:
    from collections.abc import Mapping

_ASK_TIMEOUT_S = 10.0
_GATE = frozenset({"conftest", "actionlint", "pss-evaluator"})  # what judges files; no cluster runs them
_ALL_IDS = "4294967295"  # the initial user namespace maps every id


@dataclass(frozen=True, kw_only=True)
class Facts:
    """A machine, as far as a cluster needs to know it. Sizes are in bytes; what could not be learnt is None.

    Attributes:
        system: The kernel's name, e.g. `Linux`.
        python: The running Python's version.
        go: The machine's own Go, or None.
        go_needed: The oldest Go that builds every tool.
        root: Whether this user is root in the initial user namespace.
        capabilities: Effective capabilities as a bit mask, or None.
        cgroups: The mounted hierarchies.
        v2_controllers: What cgroup v2's root offers, as `cgroup.controllers` has it.
        cgroups_writable: Whether cgroups can be made.
        sysctl_writable: Whether /proc/sys can be written, which containers often cannot.
        trials: What was tried and, where it failed, the complaint.
        packages: Debian packages of the embedded provider whose program is missing.
        apt: Whether there is an apt-get that could install them.
        running: Whether the cluster that is asked about runs already.
        listening: The TCP ports on which localhost already answers, and who holds each.
        memory: Memory that is available.
        disk: Free space where caches and clusters are kept.
        built: Whether all programs that an embedded cluster runs are built.
        programs: Where programs of other providers are.
        docker: What Docker says of itself if it answers, and its complaint if not.
        kvm: Whether /dev/kvm can be used.
    """

    system: str = "Linux"
    python: tuple[int, int] = (3, 11)
    go: tuple[int, int, int] | None = None
    go_needed: tuple[int, int, int] = (1, 26, 0)
    root: bool = False
    capabilities: int | None = None
    cgroups: cgroups.Cgroups = field(default_factory=lambda: cgroups.Cgroups((), unified=False))
    v2_controllers: str = ""
    cgroups_writable: bool = False
    sysctl_writable: bool = False
    trials: Mapping[str, str] = field(default_factory=dict)
    packages: tuple[str, ...] = ()
    apt: bool = False
    running: bool = False
    listening: Mapping[int, str] = field(default_factory=dict)
    memory: int | None = None
    disk: int = 0
    built: bool = False
    programs: Mapping[str, Path] = field(default_factory=dict)
    docker: Docker | None = None
    kvm: bool = False


@dataclass(frozen=True)
class Docker:
    """What came of asking Docker.

    Attributes:
        version: The server's version, or an empty string where it does not answer.
        complaint: Why it does not.
    """

    version: str = ""
    complaint: str = ""


def gather(ports: tuple[int, ...], *, running: bool = False) -> Facts:
    """Look at this machine.

    Args:
        ports: The TCP ports whose holders are of interest.
        running: Whether the cluster that is asked about runs already.
    """
    root = is_root(os.geteuid(), _text("/proc/self/uid_map"))
    hierarchies = cgroups.parse(_text("/proc/self/mountinfo"))
    installed = prerequisites.installed_go()
    return Facts(
        system=platform.system(),
        python=sys.version_info[:2],
        go=None if installed is None else installed[1],
        go_needed=prerequisites.required_go(),
        root=root,
        capabilities=parse_capabilities(_text("/proc/self/status")),
        cgroups=hierarchies,
        v2_controllers=_text("/sys/fs/cgroup/cgroup.controllers"),
        cgroups_writable=all(os.access(hierarchy.mount, os.W_OK) for hierarchy in hierarchies.hierarchies),
        sysctl_writable=os.access("/proc/sys/net/ipv4/ip_forward", os.W_OK),
        trials=probes.run(paths.state_dir("doctor")) if root else {},
        packages=tuple(package.name for package in prerequisites.missing(prerequisites.EMBEDDED)),
        apt=prerequisites.find("apt-get") is not None,
        running=running,
        listening=_holders(ports),
        memory=parse_memory(_text("/proc/meminfo")),
        disk=shutil.disk_usage(_existing(paths.cache_dir())).free,
        built=not programs.missing(*(name for name in programs.load() if name not in _GATE)),
        programs={name: found for name in ("minikube", "docker", "virsh") if (found := prerequisites.find(name))},
        docker=_docker(),
        kvm=os.access("/dev/kvm", os.R_OK | os.W_OK),
    )


def is_root(user: int, uid_map: str) -> bool:
    """Tell whether a user is root in the initial user namespace, from the text of /proc/self/uid_map."""
    return user == 0 and uid_map.split()[-1:] == [_ALL_IDS]


def parse_memory(meminfo: str) -> int | None:
    """Return the available memory in bytes from the text of /proc/meminfo."""
    for line in meminfo.splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return None


def parse_capabilities(status: str) -> int | None:
    """Return the effective capabilities, as a bit mask, from the text of /proc/self/status."""
    for line in status.splitlines():
        name, _, rest = line.partition(":")
        if name == "CapEff":
            return int(rest, 16)
    return None


def _text(file: str) -> str:
    try:
        return Path(file).read_text()
    except OSError:
        return ""


def _holders(ports: tuple[int, ...]) -> dict[int, str]:
    taken = (found for found in listeners.read() if found.port in ports and found.on_localhost)
    return {found.port: listeners.owner(found.inode) for found in taken}


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


def _docker() -> Docker | None:
    if prerequisites.find("docker") is None:
        return None
    try:
        said = process.run(
            ["docker", "version", "--format", "{{.Server.Version}}"], check=False, timeout_s=_ASK_TIMEOUT_S
        )
    except process.ProcessError as error:
        return Docker(complaint=str(error))
    if said.exit_code == 0:
        return Docker(version=said.stdout.strip())
    return Docker(complaint=" ".join(said.stderr.split()) or "it said nothing")
