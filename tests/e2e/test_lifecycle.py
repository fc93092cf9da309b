"""A cluster comes up, goes down and comes up again, and leaves nothing, not even when it is killed."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

import httpx
import pytest

from harness import images, paths, process
from harness.cluster.embedded import lifecycle
from harness.cluster.embedded.layout import Layout
from harness.cluster.embedded.manager import EmbeddedManager
from harness.settings import ClusterSettings
from harness.waiting import Seen, wait_for
from tests import fix_residue

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.platform.up import Up
    from tests.fix_residue import Machine

pytestmark = [pytest.mark.lifecycle, pytest.mark.timeout(600)]

NAME = "ballotbox-lifecycle"


def harness(*words: str) -> str:
    """Run a command of the harness as a person would, and return what it printed."""
    return process.run([sys.executable, "-m", "harness", *words], cwd=paths.ROOT, timeout_s=500).stdout


@pytest.fixture
def ports() -> tuple[int, int]:
    """Two free ports for the two pages."""
    return lifecycle.free_port(), lifecycle.free_port()


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Take the cluster down whatever the test did."""
    yield
    harness("down", "--name", NAME, "--cluster", "embedded")


def up(ports: tuple[int, int]) -> str:
    """Bring the lifecycle cluster up."""
    vote, result = map(str, ports)
    return harness("up", "--name", NAME, "--cluster", "embedded", "--vote-port", vote, "--result-port", result)


def box_namespaces() -> frozenset[str]:
    """Return the namespaces of the running cluster: the box's own and its containers'."""
    pid = lifecycle.supervisor_pid(Layout.load(paths.state_dir(NAME)))
    assert pid is not None
    found = fix_residue.namespaces_below(pid)
    # Network, mounts and processes: three of the box, three of a container in it.
    assert len(found) >= 6, f"the comparison is blind: {found}"
    return found


def test_up_down_up(platform: Up, machine_before: Machine, ports: tuple[int, int]) -> None:
    """Beside another cluster: `down` leaves nothing, a second `up` starts clean, a third changes nothing."""
    up(ports)
    assert httpx.get(f"http://localhost:{ports[0]}/", timeout=10).status_code == 200
    during = fix_residue.look().added_since(machine_before)
    assert {"processes", "cgroups", "ports"} <= set(during), f"the comparison is blind: {during}"
    namespaces = box_namespaces()

    said = harness("down", "--name", NAME)
    assert "gone" in said
    assert fix_residue.look().added_since(machine_before) == {}
    assert fix_residue.held(namespaces) == frozenset()
    assert not paths.state_dir(NAME).exists()
    assert httpx.get(platform.endpoints.vote_url, timeout=10).status_code == 200, "the neighbour went with it"

    up(ports)
    assert "nothing changed" in up(ports)
    assert httpx.get(f"http://localhost:{ports[1]}/", timeout=10).status_code == 200


@pytest.fixture
def bare(machine_before: Machine, ports: tuple[int, int]) -> Layout:  # noqa: ARG001  # looked at before the cluster
    """A cluster without the platform: what the kernel has to clean up is there, CoreDNS's container included."""
    vote, result = ports
    cluster = EmbeddedManager(ClusterSettings(name=NAME, provider="embedded", vote_port=vote, result_port=result))
    cluster.create(images=images.build())
    cluster.wait("deployment/coredns", "condition=Available", namespace="kube-system")
    return cluster.layout


@pytest.mark.parametrize("victim", ["supervisor", "guard"])
def test_killed_cluster_ends_whole(machine_before: Machine, bare: Layout, victim: str) -> None:
    """Kill -9 of the supervisor, or of the guard that watches it, ends everything; the state is the next `up`'s."""
    namespaces = box_namespaces()
    pid = lifecycle.supervisor_pid(bare) if victim == "supervisor" else lifecycle.guard_pid(bare)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    def gone() -> Seen:
        left = fix_residue.look().added_since(machine_before)
        still = fix_residue.held(namespaces)
        return Seen(not left and not still, f"{left} {sorted(still)}")

    wait_for("the end of the killed cluster", gone, timeout_s=10)


def test_dead_component_is_started_again(bare: Layout) -> None:
    """A component that is killed is started again, and the log says so."""
    enter = ["nsenter", f"--target={lifecycle.supervisor_pid(bare)}", "--pid", "--mount"]
    victim = process.run([*enter, "pidof", "kubelet"]).stdout.strip()
    process.run([*enter, "kill", "-9", victim])
    log = bare.logs / "supervisor.log"

    def started_again() -> Seen:
        lines = [line for line in log.read_text().splitlines() if " kubelet: " in line]
        return Seen(sum("started" in line for line in lines) >= 2, " | ".join(lines))

    wait_for("kubelet's second start in the log", started_again, timeout_s=20)
    assert "signal SIGKILL" in log.read_text()
