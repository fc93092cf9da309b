"""Minikube's clusters, kept apart from the person's own: a MINIKUBE_HOME, kubeconfig and temporary folder of theirs.

Minikube is told what the platform needs (a CNI that enforces NetworkPolicy, containerd) and is not believed: images are
looked for after loading, the profile after deleting, CoreDNS after starting, because each of those can fail in silence.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING, Any, ClassVar

from harness import paths, prerequisites, process
from harness.cluster import archives, minikube_events
from harness.cluster.forwarding import Forwarding, open_pages
from harness.cluster.manager import OLDEST_KUBERNETES, Endpoints, Manager
from harness.errors import UserError
from harness.progress import Plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pytest_kubernetes.options import ClusterOptions

    from harness.settings import ClusterSettings

_START_TIMEOUT_S = 20 * 60.0
_IMAGES_TIMEOUT_S = 5 * 60
_DELETE_TIMEOUT_S = 3 * 60
_NO_SUCH_PROFILE = 85
# These run as root only when told to, by --force; Minikube exits with 57 otherwise.
_FORCED_AS_ROOT = frozenset({"docker", "podman"})


class MinikubeManager(Manager):
    """A profile of Minikube.

    Args:
        settings: What was chosen of the cluster.
        driver: The driver where `settings` names none.
        kubectl: The kubectl to use, or None for the one on PATH, else the pinned one.
    """

    provider: ClassVar[str] = "minikube"

    def __init__(self, settings: ClusterSettings, *, driver: str = "docker", kubectl: Path | None = None) -> None:
        super().__init__(settings, kubectl=kubectl)
        self.driver = settings.minikube_driver or driver

    @classmethod
    def get_binary_name(cls) -> str:
        """Return the name of Minikube's program."""
        return "minikube"

    def find_kubectl(self) -> Path:
        """Return the kubectl on PATH, or the pinned one: building Kubernetes only for it takes ten minutes."""
        return prerequisites.find("kubectl") or super().find_kubectl()

    def start_arguments(self) -> list[str]:
        """Return the arguments that start the profile; the person's own come last, so that they win."""
        force = ["--force"] if self.driver in _FORCED_AS_ROOT and os.geteuid() == 0 else []
        return [
            "start",
            "--profile",
            self.cluster_name,
            "--output=json",
            "--interactive=false",
            f"--driver={self.driver}",
            "--container-runtime=containerd",
            "--cni=calico",
            "--addons=ingress",  # the overlay lets its pods in, and no others
            "--cpus=2",
            "--memory=4g",
            "--embed-certs",
            "--wait=all",
            *force,
            *self.settings.minikube_args,
        ]

    def load_images(self, archive: Path) -> None:
        """Load an archive's images into the profile, and look whether each is there."""
        names = archives.image_names(archive)
        self._minikube(["image", "load", str(archive.resolve())], timeout=_IMAGES_TIMEOUT_S)
        said = self._minikube(["image", "ls", "--format=json"]).stdout
        there = {archives.full_name(tag) for image in json.loads(said or "[]") for tag in image.get("repoTags") or ()}
        if absent := [name for name in names if name not in there]:
            raise UserError(
                f"{archive}: minikube loaded it, but the cluster has no {', '.join(absent)}; "
                f"`minikube logs -p {self.cluster_name}` may say why"
            )

    def endpoints(self) -> Endpoints:
        """Return the pages' addresses, forwarding the two ports of localhost if that is not done yet."""
        return open_pages(self.settings, Forwarding(self.settings.state, self.kubectl_argv()))

    def kill_container(self, container_id: str) -> None:
        """Kill a container with SIGKILL, as a crash would.

        Raises:
            UserError: No such container runs, or the profile does not.
        """
        name = container_id.removeprefix("containerd://")
        self._minikube(["ssh", f"sudo ctr --namespace k8s.io tasks kill --signal SIGKILL {name}"])

    def _get_exec_env(self) -> dict[str, str]:
        return {
            "MINIKUBE_HOME": str(paths.cache_dir() / "minikube"),
            "KUBECONFIG": str(self.kubeconfig),
            "TMPDIR": str(self._temporary()),  # it leaves logs and locks there
            "MINIKUBE_WANTUPDATENOTIFICATION": "false",
            "LC_ALL": "C",
        }

    def _temporary(self) -> Path:
        return self.settings.state / "tmp"

    def _on_create(self, cluster_options: ClusterOptions, **kwargs: Any) -> None:  # noqa: ARG002  # the protocol's
        # Without a plan the caller tells of the step itself; two spinners at once are not to be had.
        given: Plan | None = kwargs.get("plan")
        plan = given or Plan("minikube", 1)
        events: list[minikube_events.Event] = []

        def on_line(line: str) -> None:
            event = minikube_events.parse(line)
            if event is not None:
                events.append(event)
                if told := minikube_events.progress(event):
                    plan.note(told)

        self._temporary().mkdir(parents=True, exist_ok=True, mode=0o700)
        what = f"minikube start (profile {self.cluster_name}, driver {self.driver})"
        with plan.step(what) if given else contextlib.nullcontext():
            ended = process.stream(
                [self.get_binary_name(), *self.start_arguments()],
                on_line,
                env=self._get_exec_env(),
                timeout_s=_START_TIMEOUT_S,
                check=False,
            )
            if ended.exit_code != 0:
                raise UserError(minikube_events.explain("minikube start", ended.exit_code, events, ended.stderr))
            # `--wait=all` also succeeds while CoreDNS crashes again and again.
            self.wait("deployment/coredns", "condition=Available", timeout=120, namespace="kube-system")
        if (version := self.version()) < OLDEST_KUBERNETES:
            raise UserError(
                f"cluster {self.cluster_name}: Kubernetes {version[0]}.{version[1]} is too old, "
                f"{OLDEST_KUBERNETES[0]}.{OLDEST_KUBERNETES[1]} is needed; update Minikube"
            )

    def _on_delete(self) -> None:
        Forwarding(self.settings.state, []).stop()
        self._temporary().mkdir(parents=True, exist_ok=True, mode=0o700)
        self._minikube(["delete"], timeout=_DELETE_TIMEOUT_S)
        # Deleting a profile that is not there succeeds, and so may deleting the wrong one.
        status = self._exec(["status", "--profile", self.cluster_name, "--output=json"], check=False)
        if status.exit_code != _NO_SUCH_PROFILE:
            raise UserError(
                f"cluster {self.cluster_name}: minikube says that it deleted the profile, but still has it "
                f"(status: exit code {status.exit_code}); `minikube delete --all --purge` removes everything"
            )

    def _minikube(self, arguments: Sequence[str], timeout: int | None = None) -> process.Completed:
        words = [*arguments, "--profile", self.cluster_name]
        ended = self._exec(words, timeout=timeout, check=False)
        if ended.exit_code != 0:
            what = f"minikube {' '.join(arguments[:2])}"
            raise UserError(minikube_events.explain(what, ended.exit_code, (), ended.stderr or ended.stdout))
        return ended
