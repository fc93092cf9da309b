"""The components of a node and its control plane: what is run, with which arguments, and after what."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness import paths, programs
from harness.cluster.embedded import layout as at
from harness.cluster.embedded import network
from harness.cluster.embedded.api import Api
from harness.cluster.embedded.conditions import Once, accepts, accepts_unix
from harness.cluster.embedded.configuration import CONTAINERD_SOCKET
from harness.cluster.embedded.forward import Forward

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from harness.cluster.embedded.layout import Layout

TOOLS = ("etcd", "containerd", "calico", "cni", "kube", "local-path-provisioner")
# Not on the PATH of everyone who can sudo.
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


@dataclass(frozen=True)
class Component:
    """One program of the box.

    Attributes:
        name: What the log and the status call it.
        argv: The program and its arguments.
        env: All its variables but PATH, HOME and LANG. A person's own are kept from it: a proxy is none of the
            cluster's, and etcd and Felix would take theirs as options.
        fds: File descriptors that it inherits.
        may_start: Tells whether what it stands on is there; asked again until it is.
    """

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    fds: tuple[int, ...] = ()
    may_start: Callable[[], bool] = lambda: True

    def environment(self, home: Path) -> dict[str, str]:
        """Return all variables of the program, with a home folder for those that want one."""
        return {"PATH": search_path(), "HOME": str(home), "LANG": "C.UTF-8", **self.env}


def all_components(layout: Layout, api_fd: int, vote_fd: int, result_fd: int) -> tuple[Component, ...]:
    """Return every component of one cluster, in the order of their first starts.

    Raises:
        UserError: A program is not built.
    """
    homes = programs.homes(*TOOLS)
    api_ready = Once(Api(at.NODE_IP, at.API_PORT, layout.pki).ready)
    etcd_up = Once(lambda: accepts("127.0.0.1", at.ETCD_PORT))
    containerd_up = Once(lambda: accepts_unix(CONTAINERD_SOCKET))
    return (
        _forward("forward-api", Forward(api_fd, at.NODE_IP, at.API_PORT)),
        _etcd(layout, homes["etcd"]),
        _containerd(layout, homes["containerd"]),
        _api_server(layout, homes["kube"], etcd_up),
        _controller_manager(layout, homes["kube"], api_ready),
        _scheduler(layout, homes["kube"], api_ready),
        _kubelet(layout, homes["kube"], lambda: containerd_up() and api_ready()),
        _kube_proxy(layout, homes["kube"], api_ready),
        _felix(layout, homes["calico"], layout.addons_applied.exists),
        _local_path_provisioner(layout, homes["local-path-provisioner"], layout.addons_applied.exists),
        *_visitors(vote_fd, result_fd),
        _internet(),
    )


def search_path() -> str:
    """Return the PATH of this process with the folders of system programs: mount, iptables, runc and others."""
    return os.pathsep.join(filter(None, (os.environ.get("PATH"), _SYSTEM_FOLDERS)))


def _etcd(layout: Layout, home: Path) -> Component:
    pki = layout.pki
    url = f"https://127.0.0.1:{at.ETCD_PORT}"
    peer = "https://127.0.0.1:2380"
    return Component(
        "etcd",
        (
            str(home / "etcd"),
            f"--name={layout.node_name}",
            f"--data-dir={layout.data / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster={layout.node_name}={peer}",
            f"--cert-file={pki / 'etcd.crt'}",
            f"--key-file={pki / 'etcd.key'}",
            f"--trusted-ca-file={pki / 'etcd-ca.crt'}",
            "--client-cert-auth",
            f"--peer-cert-file={pki / 'etcd.crt'}",
            f"--peer-key-file={pki / 'etcd.key'}",
            f"--peer-trusted-ca-file={pki / 'etcd-ca.crt'}",
            "--peer-client-cert-auth",
            # The cluster's state lives as long as its box: a torn write after a power cut has no one to hurt.
            "--unsafe-no-fsync",
            "--log-level=warn",
        ),
    )


def _containerd(layout: Layout, home: Path) -> Component:
    return Component(
        "containerd",
        (str(home / "containerd"), f"--config={layout.configuration / 'containerd.toml'}", "--log-level=warn"),
        # containerd finds its shim and runc on PATH.
        {"PATH": f"{home}{os.pathsep}{search_path()}"},
    )


def _api_server(layout: Layout, home: Path, may_start: Callable[[], bool]) -> Component:
    pki = layout.pki
    return Component(
        "kube-apiserver",
        (
            str(home / "kube-apiserver"),
            f"--bind-address={at.NODE_IP}",
            f"--advertise-address={at.NODE_IP}",
            f"--secure-port={at.API_PORT}",
            f"--service-cluster-ip-range={at.SERVICE_CIDR}",
            f"--etcd-servers=https://127.0.0.1:{at.ETCD_PORT}",
            f"--etcd-cafile={pki / 'etcd-ca.crt'}",
            f"--etcd-certfile={pki / 'etcd-client.crt'}",
            f"--etcd-keyfile={pki / 'etcd-client.key'}",
            f"--client-ca-file={pki / 'ca.crt'}",
            f"--tls-cert-file={pki / 'apiserver.crt'}",
            f"--tls-private-key-file={pki / 'apiserver.key'}",
            f"--kubelet-certificate-authority={pki / 'ca.crt'}",
            f"--kubelet-client-certificate={pki / 'apiserver-kubelet.crt'}",
            f"--kubelet-client-key={pki / 'apiserver-kubelet.key'}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--requestheader-client-ca-file={pki / 'front-proxy-ca.crt'}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--proxy-client-cert-file={pki / 'front-proxy.crt'}",
            f"--proxy-client-key-file={pki / 'front-proxy.key'}",
            f"--service-account-issuer=https://kubernetes.default.svc.{at.CLUSTER_DOMAIN}",
            f"--service-account-key-file={pki / 'service-account.pub'}",
            f"--service-account-signing-key-file={pki / 'service-account.key'}",
            f"--encryption-provider-config={layout.configuration / 'encryption.yaml'}",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--profiling=false",
        ),
        may_start=may_start,
    )


def _controller_manager(layout: Layout, home: Path, may_start: Callable[[], bool]) -> Component:
    kubeconfig = layout.kubeconfigs / "controller-manager"
    return Component(
        "kube-controller-manager",
        (
            str(home / "kube-controller-manager"),
            "--bind-address=127.0.0.1",
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={at.POD_CIDR}",
            f"--service-cluster-ip-range={at.SERVICE_CIDR}",
            f"--root-ca-file={layout.pki / 'ca.crt'}",
            f"--service-account-private-key-file={layout.pki / 'service-account.key'}",
            "--use-service-account-credentials=true",
            # With an account for each of its fifty controllers, its default of 20 questions a second takes it 4 s.
            "--kube-api-qps=500",
            "--kube-api-burst=1000",
            "--leader-elect=false",
            "--profiling=false",
        ),
        may_start=may_start,
    )


def _scheduler(layout: Layout, home: Path, may_start: Callable[[], bool]) -> Component:
    kubeconfig = layout.kubeconfigs / "scheduler"
    return Component(
        "kube-scheduler",
        (
            str(home / "kube-scheduler"),
            "--bind-address=127.0.0.1",
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--leader-elect=false",
            "--profiling=false",
        ),
        may_start=may_start,
    )


def _kubelet(layout: Layout, home: Path, may_start: Callable[[], bool]) -> Component:
    return Component(
        "kubelet",
        (
            str(home / "kubelet"),
            f"--config={layout.configuration / 'kubelet.yaml'}",
            f"--kubeconfig={layout.kubeconfigs / 'kubelet'}",
            f"--hostname-override={layout.node_name}",
            f"--node-ip={at.NODE_IP}",
            "--root-dir=/var/lib/kubelet",
        ),
        may_start=may_start,
    )


def _kube_proxy(layout: Layout, home: Path, may_start: Callable[[], bool]) -> Component:
    return Component(
        "kube-proxy",
        (str(home / "kube-proxy"), f"--config={layout.configuration / 'kube-proxy.yaml'}"),
        may_start=may_start,
    )


def _felix(layout: Layout, home: Path, may_start: Callable[[], bool]) -> Component:
    return Component(
        "calico-felix",
        (str(home / "calico-felix"),),
        {
            "FELIX_DATASTORETYPE": "kubernetes",
            "KUBECONFIG": str(layout.kubeconfigs / "felix"),
            "FELIX_FELIXHOSTNAME": layout.node_name,
            "FELIX_METADATAADDR": "none",
            "FELIX_IPV6SUPPORT": "false",
            "FELIX_USAGEREPORTINGENABLED": "false",
            "FELIX_LOGFILEPATH": "none",
            "FELIX_LOGSEVERITYSCREEN": "Warning",
            "FELIX_HEALTHENABLED": "false",
            "FELIX_PROMETHEUSMETRICSENABLED": "false",
            "FELIX_BPFENABLED": "false",
        },
        may_start=may_start,
    )


def _local_path_provisioner(layout: Layout, home: Path, may_start: Callable[[], bool]) -> Component:
    return Component(
        "local-path-provisioner",
        (
            str(home / "local-path-provisioner"),
            "start",
            f"--kubeconfig={layout.kubeconfigs / 'local-path-provisioner'}",
            "--namespace=local-path-storage",
            "--configmap-name=local-path-config",
            "--service-account-name=local-path-helper",
            "--helper-image=unused",
        ),
        may_start=may_start,
    )


def _forward(name: str, *forwards: Forward, enter: tuple[str, ...] = ()) -> Component:
    module = (sys.executable, "-m", "harness.cluster.embedded.forward")
    return Component(
        name,
        (*enter, *module, *(str(forward) for forward in forwards)),
        # Python as it runs here, which may need a variable to find its own library.
        {**os.environ, "PYTHONPATH": str(paths.ROOT)},
        fds=tuple(forward.fd for forward in forwards),
    )


def _internet() -> Component:
    """Return what answers on the Internet and at the metadata address: a dead target looks blocked to everyone."""
    enter = (shutil.which("nsenter") or "nsenter", f"--net={network.namespace_path(network.INTERNET)}")
    listen = (sys.executable, "-S", "-m", "ballotbox_probe", "listen", "80/TCP", "443/TCP", "53/UDP")
    return Component(
        "internet", (*enter, *listen), {**os.environ, "PYTHONPATH": str(paths.ROOT / "services" / "probe")}
    )


def _visitors(vote_fd: int, result_fd: int) -> tuple[Component, ...]:
    enter = (shutil.which("nsenter") or "nsenter", f"--net={network.namespace_path(network.INTERNET)}")
    return (
        _forward(
            "forward-visitors",
            Forward(vote_fd, at.NODE_IP, at.VOTE_NODE_PORT, at.VISITOR_IP),
            Forward(result_fd, at.NODE_IP, at.RESULT_NODE_PORT, at.VISITOR_IP),
            enter=enter,
        ),
    )
