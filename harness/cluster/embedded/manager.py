"""The embedded provider: pytest-kubernetes' protocol over the box."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from harness import process, programs
from harness.cluster import archives
from harness.cluster.embedded import (
    addons,
    cgroups,
    configuration,
    diagnosis,
    kubeconfig,
    lifecycle,
    node_images,
    pki,
    private,
)
from harness.cluster.embedded.api import Api
from harness.cluster.embedded.components import TOOLS
from harness.cluster.embedded.layout import Layout
from harness.cluster.manager import READY_TIMEOUT_S, Endpoints, Manager
from harness.errors import UserError
from harness.progress import Plan
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_kubernetes.options import ClusterOptions

    from harness.cluster.embedded.lifecycle import Sockets
    from harness.images import ImageSet

_API_TIMEOUT_S = 90.0
_NODE_TIMEOUT_S = 90.0
_IMPORT_TIMEOUT_S = 300.0
_LOOK_S = 0.05
_CNI_PROGRAMS = {"loopback": "cni", "host-local": "cni", "portmap": "cni", "calico": "calico"}


class EmbeddedManager(Manager):
    """A real Kubernetes of ordinary processes in namespaces of their own; needs Linux and root."""

    provider: ClassVar[str] = "embedded"
    CREATE_STEPS: ClassVar[int] = 3

    @property
    def layout(self) -> Layout:
        """Where the cluster's files are: as recorded by the one that was made, else as a new one would be laid out.

        Raises:
            UserError: The record is none of this version's.
        """
        try:
            return Layout.load(self.settings.state)
        except FileNotFoundError:
            return self._planned()

    def endpoints(self) -> Endpoints:
        """Return the two pages' addresses on this machine's loopback."""
        layout = self.layout
        return Endpoints(f"http://localhost:{layout.vote_port}", f"http://localhost:{layout.result_port}")

    def is_running(self) -> bool:
        """Tell whether the box runs, and came up as far as a cluster that one can deploy to."""
        layout = self.layout
        return lifecycle.is_running(layout) and layout.addons_applied.exists()

    def ready(self, timeout: int = READY_TIMEOUT_S) -> bool:
        """Tell whether the cluster runs and its API server is ready."""
        if not self.is_running():
            return False
        try:
            self.wait_ready(timeout)
        except UserError:
            return False
        return True

    def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Wait until the API server is ready and gives pods their service account.

        Raises:
            UserError: The time was up, or the cluster will not come up.
        """
        layout = self.layout
        api = Api(lifecycle.LOOPBACK, layout.api_port, layout.pki, "admin")

        def look() -> Seen:
            diagnosis.check(layout)
            if not api.ready():
                return Seen(done=False, state=f"not ready; see {layout.logs / 'kube-apiserver.log'}")
            account = api.get("/api/v1/namespaces/default/serviceaccounts/default")
            return Seen(account is not None, "ready, without a default service account")

        wait_for("the API server", look, timeout_s=timeout_s, interval_s=_LOOK_S)

    def has_images(self, references: Iterable[str]) -> bool:
        """Tell whether the node has all these images.

        Raises:
            UserError: containerd does not answer, or the cluster does not run.
        """
        there = set(self._ctr("images", "list", "--quiet").splitlines())
        return {archives.full_name(reference) for reference in references} <= there

    def load_images(self, archive: Path) -> None:
        """Import an OCI or docker archive into the node's containerd.

        Raises:
            UserError: The import failed, or the cluster does not run.
        """
        self._ctr("images", "import", str(archive), timeout_s=_IMPORT_TIMEOUT_S)

    def refresh(self, images: ImageSet) -> tuple[str, ...]:
        """Apply what changed of roles, Calico's resources, storage and DNS since this running cluster got them.

        Returns:
            One line for what was done; nothing where nothing changed.

        Raises:
            UserError: The API server refused one.
        """
        layout = self.layout
        if layout.addons_applied.read_text() == addons.digest(layout, images):
            return ()
        self._apply_addons(layout, Api(lifecycle.LOOPBACK, layout.api_port, layout.pki, "bootstrap"), images)
        return ("applied: roles, Calico's resources, storage and DNS",)

    def outdated(self) -> list[str]:
        """Return the tools of which this running cluster has another build than the one that would be taken now."""
        try:
            running: dict[str, str] = json.loads(self.layout.programs.read_text())
        except FileNotFoundError:  # made by a version that did not note them
            running = {}
        return [tool for tool, home in programs.homes(*TOOLS).items() if running.get(tool) != home.name]

    def kill_container(self, container_id: str) -> None:
        """Kill a container with SIGKILL, as a crash would.

        Raises:
            UserError: No such container runs, or the cluster does not.
        """
        self._ctr("tasks", "kill", "--signal", "SIGKILL", container_id.removeprefix("containerd://"))

    def kill_component(self, name: str) -> None:
        """Kill a component of the box with SIGKILL, as a crash would; the supervisor starts it again.

        Raises:
            UserError: It does not run.
        """
        pid = self.status().get(name, {}).get("pid_in_box")
        if pid is None:
            raise UserError(f"cluster {self.cluster_name}: no component {name} runs; `./nox -s status` says what does")
        self._inside("kill", "-9", str(pid))

    def status(self) -> dict[str, dict[str, Any]]:
        """Return what the supervisor says of its components, by name."""
        return diagnosis.components(self.layout)

    def _on_create(self, cluster_options: ClusterOptions, **kwargs: Any) -> None:  # noqa: ARG002  # the protocol's
        plan: Plan = kwargs.get("plan") or Plan("embedded cluster", self.CREATE_STEPS)
        images: ImageSet = kwargs["images"]
        lifecycle.stop(self._planned())  # what a killed cluster of this name left
        self.settings.remember(self.provider)  # that went with it
        with lifecycle.claim(self.settings.vote_port, self.settings.result_port) as sockets:
            layout = self._planned(api_port=sockets.api_port)
            self._lay_out(layout, images)
            try:
                self._bring_up(plan, layout, sockets, images)
            except BaseException as error:
                reason = diagnosis.broken(layout)
                lifecycle.end(layout)  # half a cluster serves nobody; its logs stay until the next `up`
                if reason is not None and isinstance(error, UserError):
                    raise UserError(f"cluster {layout.name}: {reason}") from None
                raise

    def _bring_up(self, plan: Plan, layout: Layout, sockets: Sockets, images: ImageSet) -> None:
        api = Api(lifecycle.LOOPBACK, layout.api_port, layout.pki, "bootstrap")
        with plan.step("starting etcd, containerd and the control plane"):
            lifecycle.start(layout, sockets)
            self._wait_for_api(layout, api)
        with plan.step("applying roles, Calico's resources, storage and DNS"):
            self._apply_addons(layout, api, images)
        with plan.step("waiting for the node"):
            self._wait_for_node(layout, api)

    def _on_delete(self) -> None:
        lifecycle.stop(self._planned())

    def _planned(self, api_port: int = 0) -> Layout:
        chosen = self.settings
        return Layout(chosen.name, chosen.state, api_port, chosen.vote_port, chosen.result_port)

    @staticmethod
    def _apply_addons(layout: Layout, api: Api, images: ImageSet) -> None:
        addons.apply(api, addons.objects(layout, images))
        private.write(layout.addons_applied, addons.digest(layout, images))

    @staticmethod
    def _lay_out(layout: Layout, images: ImageSet) -> None:
        homes = programs.ensure(*TOOLS)
        layout.save()
        private.write(layout.programs, json.dumps({tool: home.name for tool, home in homes.items()}))
        private.folder(layout.data)
        # An image must be there before its first pod: after a failed pull kubelet waits before it looks again.
        node_images.give(images, layout.data / "containerd")
        pki.write(layout.pki, layout.node_name)
        kubeconfig.write_all(layout)
        cni_programs = layout.state / "cni-programs"
        cni_programs.mkdir(mode=0o700)
        for name, tool in _CNI_PROGRAMS.items():
            (cni_programs / name).symlink_to(homes[tool] / name)
        pause = images.reference("pause")
        configuration.write_all(layout, cgroups.read(), cni_programs=cni_programs, pause_image=pause)

    @staticmethod
    def _wait_for_api(layout: Layout, api: Api) -> None:
        def look() -> Seen:
            diagnosis.check(layout)
            return Seen(api.ready(), f"not ready; see {layout.logs / 'kube-apiserver.log'}")

        wait_for("the API server", look, timeout_s=_API_TIMEOUT_S, interval_s=_LOOK_S)

    @staticmethod
    def _wait_for_node(layout: Layout, api: Api) -> None:
        def look() -> Seen:
            diagnosis.check(layout)
            node = api.get(f"/api/v1/nodes/{layout.node_name}")
            conditions = {each["type"]: each for each in (node or {}).get("status", {}).get("conditions", ())}
            unknown = {"status": "Unknown", "message": f"not registered yet; see {layout.logs / 'kubelet.log'}"}
            ready = conditions.get("Ready", unknown)
            return Seen(ready["status"] == "True", f"Ready={ready['status']}: {ready['message']}")

        wait_for(f"node {layout.node_name} Ready", look, timeout_s=_NODE_TIMEOUT_S, interval_s=_LOOK_S)

    def _ctr(self, *words: str, timeout_s: float = process.DEFAULT_TIMEOUT_S) -> str:
        ctr = [str(programs.path("ctr")), "--address", configuration.CONTAINERD_SOCKET, "--namespace", "k8s.io"]
        return self._inside(*ctr, *words, timeout_s=timeout_s)

    def _inside(self, *words: str, timeout_s: float = process.DEFAULT_TIMEOUT_S) -> str:
        pid = lifecycle.supervisor_pid(self.layout)
        if pid is None:
            raise UserError(f"cluster {self.cluster_name}: does not run; `./nox -s up` starts it")
        enter = ["nsenter", f"--target={pid}", "--mount", "--net", "--pid"]
        return process.run([*enter, *words], timeout_s=timeout_s).stdout
