"""The Minikube provider, against a stand-in for Minikube: no container engine or hypervisor can be had in every CI."""

from __future__ import annotations

import io
import json
import os
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from harness.cluster.minikube import MinikubeManager
from harness.errors import UserError
from harness.progress import Plan
from harness.settings import ClusterSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fix_standins import StandIns

EVENT = {"specversion": "1.0", "source": "https://minikube.sigs.k8s.io/"}
NO_SUCH_PROFILE = 85
VERSION = json.dumps({"serverVersion": {"major": "1", "minor": "33"}})


@pytest.fixture
def minikube(standins: StandIns) -> StandIns:
    """Give stand-ins of Minikube and kubectl that behave as a cluster that comes up."""
    standins.install("minikube", "kubectl")
    standins.answer("minikube", "status", exit_code=NO_SUCH_PROFILE)
    standins.answer("kubectl", "get", "--raw=/readyz", stdout="ok")
    standins.answer("kubectl", "get", "serviceaccount", stdout="serviceaccount/default\n")
    standins.answer("kubectl", "version", stdout=VERSION)
    return standins


def created(settings: ClusterSettings, driver: str = "docker") -> MinikubeManager:
    """Create a cluster."""
    manager = MinikubeManager(settings, driver=driver)
    manager._on_create(manager._cluster_options)
    return manager


def kubeconfig(settings: ClusterSettings) -> None:
    """Write what the stand-in does not."""
    settings.state.mkdir(parents=True, exist_ok=True)
    (settings.state / "kubeconfig").write_text("{}")


class TestStart:
    """`minikube start`."""

    def test_arguments(self, minikube: StandIns) -> None:
        """The profile starts with the chosen name and driver, containerd, and a CNI that enforces NetworkPolicy."""
        settings = ClusterSettings(name="demo", minikube_args=("--memory=6g", "--disk-size=30 GB"))
        kubeconfig(settings)
        created(settings, driver="kvm2")
        start = minikube.calls("minikube")[0]
        assert start.arguments == [
            "start",
            "--profile",
            "demo",
            "--output=json",
            "--interactive=false",
            "--driver=kvm2",
            "--container-runtime=containerd",
            "--cni=calico",
            "--addons=ingress",
            "--cpus=2",
            "--memory=4g",
            "--embed-certs",
            "--wait=all",
            "--memory=6g",
            "--disk-size=30 GB",  # one word stays one word: no shell has seen it
        ]

    def test_environment(self, minikube: StandIns, monkeypatch: pytest.MonkeyPatch) -> None:
        """Minikube gets the process's environment, and folders and a kubeconfig that are not the person's own."""
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
        settings = ClusterSettings()
        kubeconfig(settings)
        created(settings)
        environment = minikube.calls("minikube")[0].environment
        assert environment["HTTPS_PROXY"] == "http://proxy.example:3128"
        assert environment["MINIKUBE_HOME"] == f"{os.environ['XDG_CACHE_HOME']}/ballotbox/minikube"
        assert environment["KUBECONFIG"] == str(settings.state / "kubeconfig")
        assert environment["TMPDIR"] == str(settings.state / "tmp")
        assert environment["MINIKUBE_WANTUPDATENOTIFICATION"] == "false"
        assert (settings.state / "tmp").is_dir()

    @pytest.mark.parametrize(
        ("driver", "user", "forced"), [("docker", 0, True), ("docker", 1000, False), ("kvm2", 0, False)]
    )
    def test_force(
        self, minikube: StandIns, monkeypatch: pytest.MonkeyPatch, driver: str, user: int, forced: bool
    ) -> None:
        """Only root with a container driver needs --force."""
        monkeypatch.setattr("os.geteuid", lambda: user)
        settings = ClusterSettings()
        kubeconfig(settings)
        created(settings, driver=driver)
        assert ("--force" in minikube.calls("minikube")[0].arguments) is forced

    def test_chosen_driver_wins(self, minikube: StandIns) -> None:
        """A driver that was asked for goes before the one that was found."""
        settings = ClusterSettings(minikube_driver="podman")
        kubeconfig(settings)
        created(settings, driver="docker")
        assert "--driver=podman" in minikube.calls("minikube")[0].arguments

    def test_progress(self, minikube: StandIns) -> None:
        """Minikube's steps are told as they come; what is no event is not."""
        step = {
            "type": "io.k8s.sigs.minikube.step",
            "data": {"currentstep": "8", "totalsteps": "19", "name": "Creating Container"},
        }
        minikube.answer("minikube", "start", stdout=f"plain words\n{json.dumps(EVENT | step)}\n")
        settings = ClusterSettings()
        kubeconfig(settings)
        said = io.StringIO()
        manager = MinikubeManager(settings)
        manager._on_create(manager._cluster_options, plan=Plan("up", 1, out=Console(file=said, width=200)))
        assert "minikube: 8/19 Creating Container" in said.getvalue()
        assert "plain words" not in said.getvalue()

    def test_failure(self, minikube: StandIns) -> None:
        """A failed start is one line: exit code, Minikube's own error, and the remedy."""
        error = {
            "type": "io.k8s.sigs.minikube.error",
            "data": {"name": "RSRC_INSUFFICIENT_CONTAINER_MEMORY", "message": "Docker has only 1978MiB\nmemory"},
        }
        minikube.answer("minikube", "start", stdout=json.dumps(EVENT | error), exit_code=23)
        settings = ClusterSettings()
        kubeconfig(settings)
        with pytest.raises(UserError) as caught:
            created(settings)
        assert str(caught.value) == (
            "minikube start: exit code 23, RSRC_INSUFFICIENT_CONTAINER_MEMORY: this machine's resources: "
            "Docker has only 1978MiB memory; give the machine or Docker more memory: the cluster takes 4 GiB"
        )

    def test_error_event_without_failure(self, minikube: StandIns) -> None:
        """An error event of a start that succeeds is a warning: the exit code decides."""
        error = {"type": "io.k8s.sigs.minikube.error", "data": {"message": "kubectl is 5 versions older"}}
        minikube.answer("minikube", "start", stdout=json.dumps(EVENT | error))
        settings = ClusterSettings()
        kubeconfig(settings)
        created(settings)

    def test_coredns(self, minikube: StandIns, monkeypatch: pytest.MonkeyPatch) -> None:
        """A start that succeeds while CoreDNS is not available is a failure."""
        minikube.answer("kubectl", "wait", "deployment/coredns", stderr="error: timed out waiting", exit_code=1)
        settings = ClusterSettings()
        kubeconfig(settings)
        manager = MinikubeManager(settings)
        original = manager.wait
        monkeypatch.setattr(
            manager,
            "wait",
            lambda name, waitfor, timeout, namespace: original(name, waitfor, min(timeout, 0), namespace),
        )
        with pytest.raises(UserError, match=r"deployment/coredns in namespace kube-system: .*timed out waiting"):
            manager._on_create(manager._cluster_options)

    def test_old_kubernetes(self, minikube: StandIns) -> None:
        """A Minikube that brings a Kubernetes before 1.28 is refused."""
        minikube.answer("kubectl", "version", stdout=VERSION.replace("33", "27"))
        settings = ClusterSettings()
        kubeconfig(settings)
        with pytest.raises(UserError, match=r"Kubernetes 1\.27 is too old, 1\.28 is needed"):
            created(settings)


class TestLoadImages:
    """`minikube image load`."""

    def test_loads_and_looks(self, minikube: StandIns, docker_archive: Callable[..., Path]) -> None:
        """The archive is loaded by its absolute path into the profile, and its images are looked for by full name."""
        file = docker_archive("ballotbox/vote:1f2e")
        minikube.answer("minikube", "image", "ls", stdout=json.dumps([{"repoTags": ["docker.io/ballotbox/vote:1f2e"]}]))
        MinikubeManager(ClusterSettings()).load_images(file)
        load, listing = minikube.calls("minikube")
        assert load.arguments == ["image", "load", str(file), "--profile", "ballotbox"]
        assert listing.arguments == ["image", "ls", "--format=json", "--profile", "ballotbox"]

    def test_silent_failure(self, minikube: StandIns, docker_archive: Callable[..., Path]) -> None:
        """An image that did not arrive is named, although Minikube reports success."""
        file = docker_archive("ballotbox/vote:1f2e", "ballotbox/seed:9a")
        minikube.answer("minikube", "image", "ls", stdout=json.dumps([{"repoTags": ["docker.io/ballotbox/vote:1f2e"]}]))
        with pytest.raises(UserError, match=r"the cluster has no docker\.io/ballotbox/seed:9a;"):
            MinikubeManager(ClusterSettings()).load_images(file)

    def test_failure(self, minikube: StandIns, docker_archive: Callable[..., Path]) -> None:
        """A failed load is one line with Minikube's words."""
        minikube.answer("minikube", "image", "load", stderr="X Exiting due to GUEST_IMAGE_LOAD\n", exit_code=80)
        with pytest.raises(
            UserError, match=r"^minikube image load: exit code 80: the guest machine: X Exiting due to GUEST"
        ):
            MinikubeManager(ClusterSettings()).load_images(docker_archive("vote:1"))


def test_kills_a_container(minikube: StandIns) -> None:
    """A container is killed in the profile's node, by containerd and without a grace period."""
    MinikubeManager(ClusterSettings(name="demo")).kill_container("containerd://0af1")
    (call,) = minikube.calls("minikube")
    kill = "sudo ctr --namespace k8s.io tasks kill --signal SIGKILL 0af1"
    assert call.arguments == ["ssh", kill, "--profile", "demo"]


class TestDelete:
    """`minikube delete`."""

    def test_deletes_profile(self, minikube: StandIns) -> None:
        """The profile is deleted by name, and the cluster's state with it."""
        settings = ClusterSettings(name="demo")
        settings.remember("minikube")
        MinikubeManager(settings).delete()
        assert [call.arguments[:3] for call in minikube.calls("minikube")] == [
            ["delete", "--profile", "demo"],
            ["status", "--profile", "demo"],
        ]
        assert not settings.state.exists()

    def test_silent_failure(self, minikube: StandIns) -> None:
        """A profile that is still there after its deletion is an error."""
        minikube.answer("minikube", "status", exit_code=0)
        with pytest.raises(UserError, match="minikube says that it deleted the profile, but still has it"):
            MinikubeManager(ClusterSettings()).delete()

    def test_found_cluster_stays(self, minikube: StandIns) -> None:
        """A cluster that was there before `create` is left alone by `delete`."""
        settings = ClusterSettings()
        kubeconfig(settings)
        manager = MinikubeManager(settings)
        manager.create()
        manager.delete()
        assert minikube.calls("minikube") == []
