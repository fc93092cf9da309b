"""Which provider a cluster comes from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.cluster import selection
from harness.cluster.external import ExternalManager
from harness.cluster.minikube import MinikubeManager
from harness.doctor.facts import Docker, Facts
from harness.errors import UserError
from harness.settings import ClusterSettings

if TYPE_CHECKING:
    from tests.fix_standins import StandIns

MINIKUBE = {"minikube": Path("/usr/bin/minikube")}
RUNNING = Docker(version="28.2.2")
DEAD = Docker(complaint="Cannot connect to the Docker daemon")


@pytest.mark.parametrize(
    ("facts", "provider"),
    [
        (Facts(root=True), "embedded"),
        (Facts(root=True, programs=MINIKUBE, docker=RUNNING), "minikube"),
        (Facts(root=False, programs=MINIKUBE, docker=RUNNING), "minikube"),
        (Facts(root=True, programs=MINIKUBE, docker=DEAD), "embedded"),
        (Facts(root=True, programs=MINIKUBE), "embedded"),
        (Facts(root=True, docker=RUNNING), "embedded"),
        (Facts(root=False, programs=MINIKUBE | {"virsh": Path("/usr/bin/virsh")}, kvm=True), "minikube"),
        (Facts(system="Darwin", programs=MINIKUBE, docker=RUNNING), "minikube"),
    ],
)
def test_machine_decides(facts: Facts, provider: str) -> None:
    """Without a choice it is Minikube where it works, else embedded for root on Linux."""
    assert selection.choose(ClusterSettings(), lambda: facts) == provider


@pytest.mark.parametrize("facts", [Facts(), Facts(programs=MINIKUBE, docker=DEAD), Facts(system="Darwin", root=True)])
def test_nothing_works(facts: Facts) -> None:
    """Where nothing works, one line says what to install."""
    with pytest.raises(UserError, match=r"be root on Linux .*, or install Minikube and Docker, .*--cluster external"):
        selection.choose(ClusterSettings(), lambda: facts)


@pytest.mark.parametrize("provider", ["embedded", "minikube", "external"])
def test_choice_wins(provider: str) -> None:
    """A choice is taken without a look at the machine."""

    def look() -> Facts:
        raise AssertionError("the machine was looked at")

    assert selection.choose(ClusterSettings(provider=provider), look) == provider


def test_chosen_driver_is_believed() -> None:
    """Minikube with a driver that was chosen is taken, whether the doctor knows that driver or not."""
    settings = ClusterSettings(minikube_driver="ssh")
    assert selection.choose(settings, lambda: Facts(root=True, programs=MINIKUBE)) == "minikube"


def test_select(standins: StandIns, tmp_path: Path) -> None:
    """The manager is of the chosen provider and has the settings."""
    standins.install("minikube", "docker")
    standins.answer("docker", "version", stdout="28.2.2\n")
    minikube = selection.select(ClusterSettings(provider="minikube"))
    assert isinstance(minikube, MinikubeManager)
    assert minikube.driver == "docker"
    standins.answer("docker", "version", stderr="Cannot connect", exit_code=1)
    before = len(standins.calls("docker"))
    chosen = selection.select(ClusterSettings(provider="minikube", minikube_driver="ssh"))
    assert isinstance(chosen, MinikubeManager)
    assert chosen.driver == "ssh"
    assert len(standins.calls("docker")) == before  # a driver that was chosen is not looked for
    external = selection.select(ClusterSettings(provider="external", kubeconfig=tmp_path / "theirs"))
    assert isinstance(external, ExternalManager)
    assert external.kubeconfig == tmp_path / "theirs"
