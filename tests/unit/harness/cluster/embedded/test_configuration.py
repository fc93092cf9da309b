"""The components' configuration files."""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

import pytest
import yaml

from harness.cluster.embedded import cgroups, configuration
from harness.cluster.embedded.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path

V1 = cgroups.Cgroups((), unified=False)
V2 = cgroups.Cgroups((), unified=True)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A cluster whose state is in a folder with an unusual name."""
    return Layout("demo", tmp_path / 'a "state"', 6001, 8080, 8081)


def test_kubelet_asks_who_calls(layout: Layout) -> None:
    """Kubelet answers nobody it does not know, and asks the API server what its callers may."""
    made = configuration.kubelet(layout, V1)
    assert made["authentication"]["anonymous"] == {"enabled": False}
    assert made["authentication"]["x509"]["clientCAFile"] == str(layout.pki / "ca.crt")
    assert made["authorization"] == {"mode": "Webhook"}
    assert made["readOnlyPort"] == 0
    assert made["address"] == "192.168.77.2"


def test_kubelet_keeps_to_its_cgroup(layout: Layout) -> None:
    """Kubelet's cgroups are below the cluster's own, and cgroup v1 is tolerated where there is nothing else."""
    assert configuration.kubelet(layout, V1)["cgroupRoot"] == "/ballotbox-demo"
    assert configuration.kubelet(layout, V1)["failCgroupV1"] is False
    assert configuration.kubelet(layout, V2)["failCgroupV1"] is True


def test_nothing_of_the_hosts_is_sized(layout: Layout) -> None:
    """Kube-proxy leaves the host's connection table alone, and kubelet its resolver."""
    assert configuration.kube_proxy(layout)["conntrack"] == {"maxPerCore": 0, "min": 0}
    assert configuration.kubelet(layout, V1)["resolvConf"] == ""


def test_health_and_metrics_stay_inside(layout: Layout) -> None:
    """What kube-proxy and kubelet say of themselves is said on the loopback address alone."""
    proxy = configuration.kube_proxy(layout)
    assert {proxy[key].partition(":")[0] for key in ("healthzBindAddress", "metricsBindAddress")} == {"127.0.0.1"}
    assert configuration.kubelet(layout, V1)["healthzBindAddress"] == "127.0.0.1"


def test_containerd(layout: Layout, tmp_path: Path) -> None:
    """Containerd's configuration parses, whatever the folders are called, and names the pause image and our CNI."""
    made = tomllib.loads(configuration.containerd(layout, cni_programs=tmp_path / 'a "b"', pause_image="pause:1"))
    plugins = made["plugins"]
    assert made["root"] == str(layout.data / "containerd")
    assert plugins["io.containerd.cri.v1.images"]["pinned_images"]["sandbox"] == "pause:1"
    cni = plugins["io.containerd.cri.v1.runtime"]["cni"]
    assert (cni["bin_dirs"], cni["conf_dir"]) == ([str(tmp_path / 'a "b"')], str(layout.configuration / "cni"))
    assert plugins["io.containerd.cri.v1.runtime"]["restrict_oom_score_adj"] is True


def test_cni_polices_by_kubernetes(layout: Layout) -> None:
    """Calico's plugin enforces Kubernetes' policies, as a user of its own."""
    calico = configuration.cni(layout)["plugins"][0]
    assert calico["policy"] == {"type": "k8s"}
    assert calico["kubernetes"]["kubeconfig"] == str(layout.kubeconfigs / "cni")
    assert calico["nodename"] == layout.node_name


def test_secrets_are_encrypted_with_a_key_of_the_cluster() -> None:
    """The API server encrypts Secrets first of all, with 32 random bytes that no other cluster has."""
    one, other = (configuration.encryption()["resources"][0] for _ in range(2))
    assert one["resources"] == ["secrets"]
    assert list(one["providers"][0]) == ["secretbox"]
    assert one != other


def test_volumes(layout: Layout) -> None:
    """Volumes are below the cluster's state, made by a pod of an image that is there, without a token."""
    made = configuration.local_path(layout, "helper:1")
    assert json.loads(made["config.json"])["nodePathMap"][0]["paths"] == [str(layout.data / "volumes")]
    pod = yaml.safe_load(made["helperPod.yaml"])["spec"]
    assert pod["automountServiceAccountToken"] is False
    assert (pod["containers"][0]["image"], pod["containers"][0]["imagePullPolicy"]) == ("helper:1", "Never")


def test_all_is_written_and_private(layout: Layout, tmp_path: Path) -> None:
    """Every file that a component is started with is there, and its owner's alone."""
    configuration.write_all(layout, V1, cni_programs=tmp_path, pause_image="pause:1")
    files = [path for path in layout.configuration.rglob("*") if path.is_file()]
    assert {path.name for path in files} == {
        "kubelet.yaml",
        "kube-proxy.yaml",
        "containerd.toml",
        "10-calico.conflist",
        "encryption.yaml",
    }
    assert {oct(path.stat().st_mode)[-3:] for path in files} == {"600"}
    assert {oct(path.stat().st_mode)[-3:] for path in layout.configuration.rglob("*") if path.is_dir()} == {"700"}
    assert not re.search("secretbox", (layout.configuration / "kubelet.yaml").read_text())
