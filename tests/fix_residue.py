"""What a cluster could leave on the machine: the test compares before and after."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from pathlib import Path

import pytest

from harness import process, programs
from harness.cluster.embedded import cgroups


@dataclass(frozen=True)
class Machine:
    """What of this machine a cluster touches.

    Attributes:
        processes: The command lines of processes of ours: programs of tools/, and the harness's own.
        mounts: Mount points of the host's mount namespace.
        named_namespaces: Network namespaces that a file holds.
        cgroups: Folders of every hierarchy that carry our name.
        links: Network interfaces.
        routes: Routes of the host.
        ports: Listening TCP sockets.
    """

    processes: frozenset[str]
    mounts: frozenset[str]
    named_namespaces: frozenset[str]
    cgroups: frozenset[str]
    links: frozenset[str]
    routes: frozenset[str]
    ports: frozenset[str]

    def added_since(self, before: Machine) -> dict[str, list[str]]:
        """Return what is here and was not there before, by kind; empty where nothing is."""
        kinds = (field.name for field in fields(self))
        more = {kind: sorted(getattr(self, kind) - getattr(before, kind)) for kind in kinds}
        return {kind: items for kind, items in more.items() if items}


def look() -> Machine:
    """Look at the machine as it is now."""
    return Machine(
        processes=_processes(),
        mounts=frozenset(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        named_namespaces=frozenset(str(path) for path in Path("/run/netns").glob("*")),
        cgroups=frozenset(
            str(folder) for hierarchy in cgroups.read().hierarchies for folder in hierarchy.mount.glob("ballotbox*")
        ),
        links=_ip("link", "ifname"),
        routes=_ip("route", "dst"),
        ports=frozenset(
            line.split()[3] for line in process.run(["ss", "-H", "-l", "-t", "-n"], timeout_s=10).stdout.splitlines()
        ),
    )


def _processes() -> frozenset[str]:
    ours = {binary for tool in programs.load().values() for binary in tool.binaries} - {"conftest", "actionlint"}
    found = set()
    for entry in _each_process():
        try:
            words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        except OSError:  # ended while we looked
            continue
        if Path(words[0]).name in ours or "harness.cluster.embedded" in " ".join(words):
            found.add(f"{entry.name} {' '.join(words)[:200]}")
    return frozenset(found)


def namespaces_below(pid: int) -> frozenset[str]:
    """Return the namespaces that a process and its descendants have and this process has not."""
    children: dict[int, list[int]] = {}
    for entry in _each_process():
        try:
            stat = (entry / "stat").read_text()
        except OSError:  # ended while we looked
            continue
        children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    family, found = [pid], set()
    while family:
        member = family.pop()
        family += children.get(member, [])
        found |= _namespaces(Path("/proc") / str(member))
    return frozenset(found - _namespaces(Path("/proc/self")))


def held(namespaces: frozenset[str]) -> frozenset[str]:
    """Return those of these namespaces that a process of the machine is still in."""
    return namespaces & set[str]().union(*map(_namespaces, _each_process()))


def _each_process() -> list[Path]:
    return list(Path("/proc").glob("[0-9]*"))


def _namespaces(process_folder: Path) -> set[str]:
    try:
        return {str((process_folder / "ns" / kind).readlink()) for kind in ("net", "mnt", "pid")}
    except OSError:  # ended while we looked
        return set()


def _ip(subject: str, key: str) -> frozenset[str]:
    said = process.run(["ip", "-j", subject, "show"], timeout_s=10).stdout
    return frozenset(f"{each[key]} {each.get('dev', '')}" for each in json.loads(said))


@pytest.fixture
def machine_before() -> Machine:
    """The machine before the test."""
    return look()
