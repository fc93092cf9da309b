"""Names, addresses and files of one embedded cluster.

The addresses exist only inside the cluster's own network namespaces, so every cluster can have the same.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from harness.cluster.embedded import private
from harness.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

POD_CIDR = "10.244.0.0/16"
SERVICE_CIDR = "10.96.0.0/16"
KUBERNETES_SERVICE_IP = "10.96.0.1"
DNS_SERVICE_IP = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"

NODE_IP = "192.168.77.2"
GATEWAY_IP = "192.168.77.1"
NODE_PREFIX = 24
# "The Internet" is a namespace that answers for addresses of the documentation ranges (RFC 5737).
INTERNET_IP = "198.51.100.10"
VISITOR_IP = "203.0.113.20"
# Where clouds serve a machine's credentials. Something answers there, so that a blocked path is known to be one.
METADATA_IP = "169.254.169.254"

API_PORT = 6443
ETCD_PORT = 2379
# Where a visitor from the Internet finds the two pages on the node: manifests/overlays/embedded/visitors.yaml.
VOTE_NODE_PORT = 30081
RESULT_NODE_PORT = 30082


@dataclass(frozen=True)
class Layout:
    """What one cluster is called and where its files are.

    Attributes:
        name: The cluster's name, a DNS label.
        state: The folder of its state; `down` removes it.
        api_port: The port on the host's 127.0.0.1 that leads to the API server; 0 where none was chosen yet.
        vote_port: The port on the host's 127.0.0.1 that leads to the vote page.
        result_port: The same for the result page.
    """

    name: str
    state: Path
    api_port: int
    vote_port: int
    result_port: int

    @property
    def node_name(self) -> str:
        """The node's name in Kubernetes, which is the machine's host name inside the box."""
        return f"{self.name}-node"

    @property
    def cgroup(self) -> str:
        """The name of the node's cgroup below the root of every hierarchy."""
        return f"ballotbox-{self.name}"

    @property
    def pki(self) -> Path:
        """Keys and certificates."""
        return self.state / "pki"

    @property
    def kubeconfigs(self) -> Path:
        """One kubeconfig a component."""
        return self.state / "components"

    @property
    def admin_kubeconfig(self) -> Path:
        """The kubeconfig for people and tests, by way of the host's loopback."""
        return self.state / "kubeconfig"

    @property
    def configuration(self) -> Path:
        """Configuration files of the components."""
        return self.state / "etc"

    @property
    def data(self) -> Path:
        """What the components store: etcd, containerd, kubelet, volumes."""
        return self.state / "data"

    @property
    def logs(self) -> Path:
        """One log file a component, and the supervisor's own."""
        return self.state / "log"

    @property
    def lock(self) -> Path:
        """A file that is locked as long as the cluster's guard or supervisor lives."""
        return self.state / "lock"

    @property
    def addons_applied(self) -> Path:
        """A file that is there once roles, custom resources and storage configuration are; it has their hash."""
        return self.state / "addons-applied"

    @property
    def programs(self) -> Path:
        """Which build of each tool the components are run from, as JSON."""
        return self.state / "programs.json"

    @property
    def status(self) -> Path:
        """What the supervisor says of itself and its components, as JSON."""
        return self.state / "status.json"

    def save(self) -> None:
        """Write the layout where the guard, the supervisor and later commands read it; the folder is its owner's."""
        private.folder(self.state)
        private.write(self.state / "layout.json", json.dumps({**asdict(self), "state": str(self.state)}, indent=2))

    @classmethod
    def load(cls, state: Path) -> Layout:
        """Read what `save` wrote.

        Raises:
            FileNotFoundError: There is no cluster of that state.
            UserError: The file is none of this version's.
        """
        file = state / "layout.json"
        try:
            stored = json.loads(file.read_text())
            return cls(**{**stored, "state": state})
        except (ValueError, TypeError):
            raise UserError(
                f"{file}: expected what this version of Ballotbox writes, found something else; "
                f"`./nox -s down -- --name {state.name}` removes the cluster"
            ) from None
