"""What the kernel enforces on the platform's running containers, read from /proc inside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness.network.api import Api
from harness.network.image import probe_image
from harness.policy.inspection import SECCOMP_FILTER, Process, inspect

if TYPE_CHECKING:
    from harness.cluster.manager import Manager

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

UIDS = {"vote": 1000, "result": 1000, "worker": 1000, "redis": 999, "postgres": 999}


@pytest.fixture(scope="module")
def processes(cluster: Manager) -> dict[str, Process]:
    """The first process of a container of each component."""
    api = Api(cluster.kubeconfig)
    image = probe_image(cluster)
    found = {}
    for component in UIDS:
        pods = api.items("/api/v1/namespaces/ballotbox/pods", {"app.kubernetes.io/name": component})
        pod = next(each for each in pods if each["status"]["phase"] == "Running")
        for container in pod["spec"]["containers"]:
            found[f"{component} [{container['name']}]"] = inspect(api, cluster, pod, container["name"], image)
    return found


def test_every_component_was_looked_at(processes: dict[str, Process]) -> None:
    """Nobody is hardened by not being there."""
    assert {name.split()[0] for name in processes} == set(UIDS)


def test_uids_are_the_conventions(processes: dict[str, Process]) -> None:
    """Applications run as 1000, databases as 999, whatever the image would have liked."""
    for name, process in processes.items():
        assert set(process.uids) == {UIDS[name.split()[0]]}, name
        assert set(process.gids) == {UIDS[name.split()[0]]}, name


def test_no_capability_is_left(processes: dict[str, Process]) -> None:
    """Not even in the bounding set, from which a set-user-ID program could take it."""
    assert {name: process.capabilities for name, process in processes.items() if process.capabilities} == {}


def test_seccomp_filters_every_process(processes: dict[str, Process]) -> None:
    """Mode 2: a filter, and not just a promise."""
    assert {process.seccomp for process in processes.values()} == {SECCOMP_FILTER}


def test_nobody_gains_privileges(processes: dict[str, Process]) -> None:
    """The kernel's no_new_privs is set."""
    assert all(process.no_new_privileges for process in processes.values())


def test_root_file_systems_are_read_only(processes: dict[str, Process]) -> None:
    """The mount itself says so."""
    assert [name for name, process in processes.items() if not process.read_only_root] == []


def test_no_token_is_mounted(processes: dict[str, Process]) -> None:
    """Nothing in these pods could speak to the API server."""
    assert [name for name, process in processes.items() if process.token] == []
