"""The embedded provider: pytest-kubernetes' protocol over the box."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from harness import process, programs
from harness.cluster.embedded import addons, cgroups, configuration, kubeconfig, lifecycle, pki
from harness.cluster.embedded.components import TOOLS
from harness.cluster.embedded.layout import Layout
from harness.cluster.manager import Endpoints, Manager
from harness.progress import Plan
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from pytest_kubernetes.options import ClusterOptions

    from harness.images import ImageSet

_API_TIMEOUT_S = 60.0
_NODE_TIMEOUT_S = 60.0
_IMPORT_TIMEOUT_S = 300.0


class EmbeddedManager(Manager):
    """A real Kubernetes of ordinary processes in namespaces of their own; needs Linux and root."""

    provider: ClassVar[str] = "embedded"
    CREATE_STEPS: ClassVar[int] = 3

    @property
    def layout(self) -> Layout:
        """Where the cluster's files are: as recorded by the running cluster, else as a new one would be laid out."""
        try:
            return Layout.load(self.settings.state)
        except FileNotFoundError:
            return Layout(
                name=self.settings.name,
                state=self.settings.state,
                api_port=lifecycle.free_port(),
                vote_port=self.settings.vote_port,
                result_port=self.settings.result_port,
            )

    def endpoints(self) -> Endpoints:
        """Return the two pages' addresses on this machine's loopback."""
        layout = self.layout
        return Endpoints(f"http://localhost:{layout.vote_port}", f"http://localhost:{layout.result_port}")

    def is_running(self) -> bool:
        """Tell whether the box runs."""
        return lifecycle.is_running(self.layout)

    def load_images(self, archive: Path) -> None:
        """Import an OCI or docker archive into the node's containerd.

        Raises:
            UserError: The import failed, or the cluster does not run.
        """
        ctr = [str(programs.path("ctr")), "--address", configuration.CONTAINERD_SOCKET, "--namespace", "k8s.io"]
        self._in_box([*ctr, "images", "import", str(archive)], timeout_s=_IMPORT_TIMEOUT_S)

    def status(self) -> dict[str, dict[str, Any]]:
        """Return what the supervisor says of its components, by name."""
        try:
            return dict(json.loads(self.layout.status.read_text())["components"])
        except FileNotFoundError:
            return {}

    def _on_create(self, cluster_options: ClusterOptions, **kwargs: Any) -> None:  # noqa: ARG002  # the protocol's
        plan: Plan = kwargs.get("plan") or Plan("embedded cluster", self.CREATE_STEPS)
        images: ImageSet = kwargs["images"]
        lifecycle.stop(self.layout)  # what a killed cluster of this name left
        layout = self.layout
        with plan.step("starting etcd, containerd and the control plane; loading images"):
            self._lay_out(layout, pause_image=images.reference("pause"))
            lifecycle.start(layout)
            # containerd is up seconds before the API server is. An image must be there before the first pod: after a
            # failed pull kubelet waits before it looks again.
            self._load_when_up(images.archive())
            self._poll("the API server", ["get", "--raw=/readyz"], lambda said: said.strip() == "ok", _API_TIMEOUT_S)
        with plan.step("applying custom resources, roles, DNS and storage"):
            addons.apply(
                self, layout, coredns_image=images.reference("coredns"), helper_image=images.reference("helper")
            )
            layout.addons_applied.touch()
        with plan.step("waiting for the node"):
            wait_for(f"node {layout.node_name} Ready", lambda: self._node(layout), timeout_s=_NODE_TIMEOUT_S)

    def _on_delete(self) -> None:
        lifecycle.stop(self.layout)

    def _lay_out(self, layout: Layout, *, pause_image: str) -> None:
        homes = programs.ensure(*TOOLS)
        layout.save()
        pki.write(layout.pki, layout.node_name)
        kubeconfig.write_all(layout)
        cni_programs = layout.state / "cni-programs"
        cni_programs.mkdir()
        for name in ("loopback", "host-local", "portmap"):
            (cni_programs / name).symlink_to(homes["cni"] / name)
        (cni_programs / "calico").symlink_to(homes["calico"] / "calico")
        configuration.write_all(layout, cgroups.read(), cni_programs=cni_programs, pause_image=pause_image)

    def _load_when_up(self, archive: Path) -> None:
        socket = Path(f"/proc/{lifecycle.supervisor_pid(self.layout)}/root{configuration.CONTAINERD_SOCKET}")
        wait_for(
            "containerd",
            lambda: Seen(socket.exists(), "its socket is not there; see containerd.log"),
            timeout_s=_API_TIMEOUT_S,
        )
        self.load_images(archive)

    def _node(self, layout: Layout) -> Seen:
        argv = self.kubectl_argv("get", "node", layout.node_name, "-o", "json")
        said = process.run(argv, timeout_s=10, check=False)
        if said.exit_code != 0:
            return Seen(done=False, state=said.stderr.strip() or "not registered yet")
        conditions = {each["type"]: each for each in json.loads(said.stdout)["status"].get("conditions", [])}
        ready = conditions.get("Ready", {"status": "Unknown", "message": "no condition yet"})
        return Seen(ready["status"] == "True", f"Ready={ready['status']}: {ready['message']}")

    def _in_box(self, argv: list[str], *, timeout_s: float) -> process.Completed:
        pid = lifecycle.supervisor_pid(self.layout)
        enter = ["nsenter", f"--target={pid}", "--mount", "--net", "--pid"]
        return process.run([*enter, *argv], timeout_s=timeout_s)
