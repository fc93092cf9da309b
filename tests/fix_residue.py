"""What a cluster could leave on the machine: the test compares before and after.

Other clusters, tests and people share the machine. What no cluster may change of it (mounts, links, routes) is compared
as a whole; what every cluster has some of (processes, cgroups, ports) counts only where it is this cluster's own.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import process
from harness.cluster.embedded import cgroups

if TYPE_CHECKING:
    from harness.cluster.embedded.layout import Layout


@dataclass(frozen=True)
class Machine:
    """What of this machine no cluster may change.

    Attributes:
        mounts: Mount points of the host's mount namespace.
        named_namespaces: Network namespaces that a file holds.
        links: Network interfaces.
        routes: Routes of the host.
    """

    mounts: frozenset[str]
    named_namespaces: frozenset[str]
    links: frozenset[str]
    routes: frozenset[str]

    def added_since(self, before: Machine) -> dict[str, list[str]]:
        """Return what is here and was not there before, by kind; empty where nothing is."""
        kinds = (field.name for field in fields(self))
        return _some({kind: sorted(getattr(self, kind) - getattr(before, kind)) for kind in kinds})


def look() -> Machine:
    """Look at the machine as it is now."""
    return Machine(
        mounts=frozenset(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()),
        named_namespaces=frozenset(str(path) for path in Path("/run/netns").glob("*")),
        links=_ip("link", "ifname"),
        routes=_ip("route", "dst"),
    )


@dataclass(frozen=True)
class Traces:
    """What tells that something is one cluster's.

    Attributes:
        layout: Its name, folder and ports.
        namespaces: The namespaces of its box and of the containers in it.
    """

    layout: Layout
    namespaces: frozenset[str]

    def here(self) -> dict[str, list[str]]:
        """Return what of the cluster is on the machine now, by kind; empty where nothing is.

        `processes` name its folder on their command line or are in its cgroup; `namespaces` are held by a process,
        whatever that calls itself; `cgroups` are folders of any hierarchy, at any depth; `ports` are listened on.
        """
        layout = self.layout
        everyone = [each for each in Path("/proc").iterdir() if each.name.isdigit()]
        ports = {layout.api_port, layout.vote_port, layout.result_port}
        return _some(
            {
                "processes": sorted(said for each in everyone if (said := _belonging(each, layout))),
                "namespaces": sorted(self.namespaces & set[str]().union(*map(_namespaces, everyone))),
                "cgroups": sorted(
                    folder
                    for hierarchy in cgroups.read().hierarchies
                    for folder, _, _ in os.walk(hierarchy.mount)  # which leaves out what ends while it looks
                    if Path(folder).name == layout.cgroup
                ),
                "ports": sorted(line for line in _listening() if int(line.rpartition(":")[2]) in ports),
            }
        )


def traces(layout: Layout, supervisor: int) -> Traces:
    """Return what tells that something is of the running cluster whose supervisor is this process."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                stat = (entry / "stat").read_text()
            except OSError:  # ended while we looked
                continue
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    family, found = [supervisor], set[str]()
    while family:
        member = family.pop()
        family += children.get(member, [])
        found |= _namespaces(Path("/proc") / str(member))
    return Traces(layout, frozenset(found - _namespaces(Path("/proc/self"))))


def _belonging(entry: Path, layout: Layout) -> str | None:
    """Return a process's number and command line if it is the cluster's."""
    try:
        words = (entry / "cmdline").read_bytes().decode(errors="replace").split("\0")
        groups = (entry / "cgroup").read_text()
    except OSError:  # ended while we looked
        return None
    ours = any(str(layout.state) in word for word in words) or layout.cgroup in groups.replace("\n", "/").split("/")
    return f"{entry.name} {' '.join(words)[:200]}" if ours else None


def _namespaces(process_folder: Path) -> set[str]:
    try:
        return {str((process_folder / "ns" / kind).readlink()) for kind in ("net", "mnt", "pid")}
    except OSError:  # ended while we looked
        return set()


def _listening() -> list[str]:
    return [line.split()[3] for line in process.run(["ss", "-H", "-l", "-t", "-n"], timeout_s=10).stdout.splitlines()]


def _ip(subject: str, key: str) -> frozenset[str]:
    said = process.run(["ip", "-j", subject, "show"], timeout_s=10).stdout
    return frozenset(f"{each[key]} {each.get('dev', '')}" for each in json.loads(said))


def _some(found: dict[str, list[str]]) -> dict[str, list[str]]:
    return {kind: items for kind, items in found.items() if items}


@pytest.fixture
def machine_before() -> Machine:
    """The machine before the test."""
    return look()
