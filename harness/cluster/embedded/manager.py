"""The embedded provider: pytest-kubernetes' protocol over the box."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness import process, programs
from harness.cluster import archives
from harness.cluster.embedded import addons, cgroups, configuration, diagnosis, kubeconfig, lifecycle, pki
from harness.cluster.embedded.api import Api
from harness.cluster.embedded.components import TOOLS
from harness.cluster.embedded.layout import Layout
from harness.cluster.manager import READY_TIMEOUT_S, Endpoints, Manager
from harness.errors import UserError
from harness.progress import Plan
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pytest_kubernetes.options import ClusterOptions

    from harness.cluster.embedded.lifecycle import Sockets
    from harness.images import ImageSet

_CONTAINERD_TIMEOUT_S = 60.0
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
        return self.is_running() and super().ready(timeout)

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
            self._lay_out(layout, pause_image=images.reference("pause"))
            with ThreadPoolExecutor(max_workers=1) as pool:
                try:
                    self._bring_up(plan, layout, sockets, images, pool)
                except BaseException as error:
                    reason = diagnosis.broken(layout)
                    # Half a cluster serves nobody; its logs stay until the next `up`. With it ends what the pool does.
                    lifecycle.end(layout)
                    if reason is not None and isinstance(error, UserError):
                        raise UserError(f"cluster {layout.name}: {reason}") from None
                    raise

    def _bring_up(
        self, plan: Plan, layout: Layout, sockets: Sockets, images: ImageSet, pool: ThreadPoolExecutor
    ) -> None:
        api = Api(lifecycle.LOOPBACK, layout.api_port, layout.pki, "bootstrap")
        with plan.step("starting etcd, containerd and the control plane"):
            lifecycle.start(layout, sockets)
            # containerd is up seconds before the API server is. An image must be there before its first pod: after a
            # failed pull kubelet waits before it looks again.
            loading = pool.submit(self._load_when_up, layout, images.archive())
            self._wait("the API server", layout, api.ready, "not ready", _API_TIMEOUT_S)
        with plan.step("applying roles, Calico's resources and storage; loading images"):
            addons.apply(api, addons.foundation(layout, images.reference("helper")))
            layout.addons_applied.touch()
            loading.result()
        with plan.step("applying DNS; waiting for the node"):
            addons.apply(api, addons.dns(images.reference("coredns")))
            self._wait_for_node(layout, api)

    def _on_delete(self) -> None:
        lifecycle.stop(self._planned())

    def _planned(self, api_port: int = 0) -> Layout:
        chosen = self.settings
        return Layout(chosen.name, chosen.state, api_port, chosen.vote_port, chosen.result_port)

    def _lay_out(self, layout: Layout, *, pause_image: str) -> None:
        homes = programs.ensure(*TOOLS)
        layout.save()
        pki.write(layout.pki, layout.node_name)
        kubeconfig.write_all(layout)
        cni_programs = layout.state / "cni-programs"
        cni_programs.mkdir(mode=0o700)
        for name, tool in _CNI_PROGRAMS.items():
            (cni_programs / name).symlink_to(homes[tool] / name)
        configuration.write_all(layout, cgroups.read(), cni_programs=cni_programs, pause_image=pause_image)

    def _load_when_up(self, layout: Layout, archive: Path) -> None:
        def up() -> bool:
            return Path(f"/proc/{lifecycle.supervisor_pid(layout)}/root{configuration.CONTAINERD_SOCKET}").exists()

        self._wait("containerd", layout, up, "its socket is not there; see containerd.log", _CONTAINERD_TIMEOUT_S)
        self.load_images(archive)

    def _wait_for_node(self, layout: Layout, api: Api) -> None:
        def look() -> Seen:
            diagnosis.check(layout)
            node = api.get(f"/api/v1/nodes/{layout.node_name}")
            conditions = {each["type"]: each for each in (node or {}).get("status", {}).get("conditions", ())}
            ready = conditions.get("Ready", {"status": "Unknown", "message": "not registered yet; see kubelet.log"})
            return Seen(ready["status"] == "True", f"Ready={ready['status']}: {ready['message']}")

        wait_for(f"node {layout.node_name} Ready", look, timeout_s=_NODE_TIMEOUT_S, interval_s=_LOOK_S)

    @staticmethod
    def _wait(what: str, layout: Layout, look: Callable[[], bool], state: str, timeout_s: float) -> None:
        def seen() -> Seen:
            diagnosis.check(layout)
            return Seen(look(), state)

        wait_for(what, seen, timeout_s=timeout_s, interval_s=_LOOK_S)

    def _ctr(self, *words: str, timeout_s: float = process.DEFAULT_TIMEOUT_S) -> str:
        pid = lifecycle.supervisor_pid(self.layout)
        if pid is None:
            raise UserError(f"cluster {self.cluster_name}: does not run; `./nox -s up` starts it")
        ctr = [str(programs.path("ctr")), "--address", configuration.CONTAINERD_SOCKET, "--namespace", "k8s.io"]
        enter = ["nsenter", f"--target={pid}", "--mount", "--net", "--pid"]
        return process.run([*enter, *ctr, *words], timeout_s=timeout_s).stdout
