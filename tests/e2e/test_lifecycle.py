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
    from tests.fix_residue import Machine, Traces

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


def traces_of_running() -> Traces:
    """Return what tells that something is of the running cluster: all kinds of it are seen at this moment."""
    layout = Layout.load(paths.state_dir(NAME))
    pid = lifecycle.supervisor_pid(layout)
    assert pid is not None
    found = fix_residue.traces(layout, pid)
    # Network, mounts and processes: three of the box, three of a container in it.
    assert len(found.namespaces) >= 6, f"the comparison is blind: {found.namespaces}"
    assert set(found.here()) == {"processes", "namespaces", "cgroups", "ports"}, f"the comparison is blind: {found}"
    return found


def test_up_down_up(platform: Up, machine_before: Machine, ports: tuple[int, int]) -> None:
    """Beside another cluster: `down` leaves nothing, a second `up` starts clean, a third changes nothing."""
    up(ports)
    assert httpx.get(f"http://localhost:{ports[0]}/", timeout=10).status_code == 200
    traces = traces_of_running()

    said = harness("down", "--name", NAME)
    assert "gone" in said
    assert traces.here() == {}
    assert fix_residue.look().added_since(machine_before) == {}
    assert not paths.state_dir(NAME).exists()
    assert httpx.get(platform.endpoints.vote_url, timeout=10).status_code == 200, "the neighbour went with it"

    up(ports)
    assert "nothing changed" in up(ports)
    assert httpx.get(f"http://localhost:{ports[1]}/", timeout=10).status_code == 200


@pytest.fixture
def bare(machine_before: Machine, ports: tuple[int, int]) -> EmbeddedManager:  # noqa: ARG001  # looked at before the cluster
    """A cluster without the platform: what the kernel has to clean up is there, CoreDNS's container included."""
    vote, result = ports
    cluster = EmbeddedManager(ClusterSettings(name=NAME, provider="embedded", vote_port=vote, result_port=result))
    cluster.create(images=images.build())
    cluster.wait("deployment/coredns", "condition=Available", namespace="kube-system")
    return cluster


@pytest.mark.parametrize("victim", ["supervisor", "guard"])
def test_killed_cluster_ends_whole(machine_before: Machine, bare: EmbeddedManager, victim: str) -> None:
    """Kill -9 of the supervisor, or of the guard that watches it, ends everything; the state is the next `up`'s."""
    traces = traces_of_running()
    pid = lifecycle.supervisor_pid(bare.layout) if victim == "supervisor" else lifecycle.guard_pid(bare.layout)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    def gone() -> Seen:
        left = {**traces.here(), **fix_residue.look().added_since(machine_before)}
        return Seen(not left, str(left))

    wait_for("the end of the killed cluster", gone, timeout_s=10)


def test_dead_component_is_started_again(bare: EmbeddedManager) -> None:
    """A component that is killed is started again, and the log says so."""
    bare.kill_component("kubelet")
    log = bare.layout.logs / "supervisor.log"

    def started_again() -> Seen:
        lines = [line for line in log.read_text().splitlines() if " kubelet: " in line]
        return Seen(sum("started" in line for line in lines) >= 2, " | ".join(lines))

    wait_for("kubelet's second start in the log", started_again, timeout_s=20)
    assert "signal SIGKILL" in log.read_text()
