"""The components' configuration files, as data."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING, Any

import yaml

from harness.cluster.embedded import layout as at
from harness.cluster.embedded import private

if TYPE_CHECKING:
    from pathlib import Path

    from harness.cluster.embedded.cgroups import Cgroups
    from harness.cluster.embedded.layout import Layout

CONTAINERD_SOCKET = "/run/containerd/containerd.sock"


def kubelet(layout: Layout, cgroups: Cgroups) -> dict[str, Any]:
    """KubeletConfiguration: https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": at.NODE_IP,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(layout.pki / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(layout.pki / "kubelet-server.crt"),
        "tlsPrivateKeyFile": str(layout.pki / "kubelet-server.key"),
        "readOnlyPort": 0,
        "healthzBindAddress": "127.0.0.1",
        "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
        "clusterDomain": at.CLUSTER_DOMAIN,
        "clusterDNS": [at.DNS_SERVICE_IP],
        # The host's resolver is none of the cluster's business.
        "resolvConf": "",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.cgroup}",
        "enforceNodeAllocatable": [],
        "failCgroupV1": cgroups.unified,
        "failSwapOn": False,
        # Lowering the score below the parent's needs a capability that a container host may not grant.
        "oomScoreAdj": 0,
        # How full the host's disk is is not for this node to mend by deleting images or evicting pods.
        "imageGCHighThresholdPercent": 100,
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        # Images are preloaded; a pull record of an earlier failure must not make kubelet insist on a registry.
        "imagePullCredentialsVerificationPolicy": "NeverVerify",
        "rotateCertificates": False,
        "volumePluginDir": "/var/lib/kubelet/volume-plugins",
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",
        "seccompDefault": True,
        "logging": {"format": "text"},
    }


def kube_proxy(layout: Layout) -> dict[str, Any]:
    """KubeProxyConfiguration: https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "iptables",
        "clusterCIDR": at.POD_CIDR,
        "hostnameOverride": layout.node_name,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "clientConnection": {"kubeconfig": str(layout.kubeconfigs / "kube-proxy")},
        # The host's conntrack table is not this node's to size.
        "conntrack": {"maxPerCore": 0, "min": 0},
        "oomScoreAdj": 0,
        "iptables": {"minSyncPeriod": "100ms", "syncPeriod": "30s"},
    }


def containerd(layout: Layout, *, cni_programs: Path, pause_image: str) -> str:
    """Configuration of containerd, version 3: https://github.com/containerd/containerd/blob/main/docs/cri/config.md."""
    # A JSON string is a TOML string.
    return f"""version = 3
root = {json.dumps(str(layout.data / "containerd"))}
state = "/run/containerd"

[grpc]
address = "{CONTAINERD_SOCKET}"

[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "{pause_image}"

[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true

[plugins."io.containerd.cri.v1.runtime".containerd]
default_runtime_name = "runc"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
SystemdCgroup = false

[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = [{json.dumps(str(cni_programs))}]
conf_dir = {json.dumps(str(layout.configuration / "cni"))}
max_conf_num = 1
"""


def cni(layout: Layout) -> dict[str, Any]:
    """Calico's CNI chain without its node image: https://docs.tigera.io/calico/latest/reference/configure-cni-plugins."""
    return {
        "name": "ballotbox",
        "cniVersion": "0.3.1",
        "plugins": [
            {
                "type": "calico",
                "log_level": "warning",
                "log_file_path": str(layout.logs / "calico-cni.log"),
                "datastore_type": "kubernetes",
                "nodename": layout.node_name,
                "nodename_file_optional": True,
                "mtu": 1500,
                "ipam": {"type": "host-local", "subnet": "usePodCidr", "dataDir": str(layout.data / "cni-ipam")},
                "policy": {"type": "k8s"},
                "kubernetes": {"kubeconfig": str(layout.kubeconfigs / "cni")},
            },
            {"type": "portmap", "snat": True, "capabilities": {"portMappings": True}},
        ],
    }


def encryption() -> dict[str, Any]:
    """Secrets are encrypted in etcd: https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/."""
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [{"secretbox": {"keys": [{"name": "first", "secret": key}]}}, {"identity": {}}],
            }
        ],
    }


def local_path(layout: Layout, helper_image: str) -> dict[str, Any]:
    """local-path-provisioner's ConfigMap data, with volumes below the cluster's state."""
    config = {
        "nodePathMap": [
            {"node": "DEFAULT_PATH_FOR_NON_LISTED_NODES", "paths": [str(layout.data / "volumes")]},
        ]
    }
    helper = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "helper-pod"},
        "spec": {
            "priorityClassName": "system-node-critical",
            "automountServiceAccountToken": False,
            "containers": [
                {
                    "name": "helper-pod",
                    "image": helper_image,
                    "imagePullPolicy": "Never",
                    # The folder it makes and removes belongs to root; the image itself would run as nobody.
                    "securityContext": {"runAsUser": 0, "runAsGroup": 0},
                }
            ],
        },
    }
    return {
        "config.json": json.dumps(config),
        "helperPod.yaml": yaml.safe_dump(helper),
        "setup": '#!/bin/sh\nset -eu\nmkdir -m 0777 -p "$VOL_DIR"\n',
        "teardown": '#!/bin/sh\nset -eu\nrm -rf "$VOL_DIR"\n',
    }


def write_all(layout: Layout, cgroups: Cgroups, *, cni_programs: Path, pause_image: str) -> None:
    """Write every configuration file a component is started with."""
    folder = layout.configuration
    private.folder(folder)
    private.folder(folder / "cni")
    for name, content in {
        "kubelet.yaml": yaml.safe_dump(kubelet(layout, cgroups), sort_keys=False),
        "kube-proxy.yaml": yaml.safe_dump(kube_proxy(layout), sort_keys=False),
        "containerd.toml": containerd(layout, cni_programs=cni_programs, pause_image=pause_image),
        "cni/10-calico.conflist": json.dumps(cni(layout), indent=2),
        "encryption.yaml": yaml.safe_dump(encryption(), sort_keys=False),
    }.items():
        private.write(folder / name, content)
