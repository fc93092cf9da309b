"""What is run, with which arguments, and after what."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from harness import paths
from harness.cluster.embedded import components, pki
from harness.cluster.embedded.components import Component
from harness.cluster.embedded.forward import Forward
from harness.cluster.embedded.layout import Layout
from harness.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fix_box import FakePrograms


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A cluster with certificates."""
    made = Layout("demo", tmp_path / "demo", 6001, 8080, 8081)
    pki.write(made.pki, made.node_name)
    return made


@pytest.fixture
def made(fake_programs: FakePrograms, layout: Layout) -> dict[str, Component]:
    """Every component by name."""
    assert fake_programs.homes
    return {component.name: component for component in components.all_components(layout, 10, 11, 12)}


def option(component: Component, name: str) -> str:
    """Return an option's value; the component must have it once."""
    values = [word.partition("=")[2] for word in component.argv if word.partition("=")[0] == name]
    assert len(values) == 1, f"{component.name} {name}: {values}"
    return values[0]


def test_all_are_there(made: dict[str, Component]) -> None:
    """A whole Kubernetes with its network and its storage, and the ways in."""
    assert set(made) == {
        "forward-api",
        "etcd",
        "containerd",
        "kube-apiserver",
        "kube-controller-manager",
        "kube-scheduler",
        "kubelet",
        "kube-proxy",
        "calico-felix",
        "local-path-provisioner",
        "forward-visitors",
        "internet",
    }


def test_programs_are_the_built_ones(made: dict[str, Component], fake_programs: FakePrograms) -> None:
    """Each program is of the tool's own folder, not of PATH."""
    for name, component in made.items():
        if not name.startswith("forward") and name != "internet":
            assert any(component.argv[0] == f"{home}/{name}" for home in fake_programs.homes.values())


def test_unbuilt_program_is_told(fake_programs: FakePrograms, layout: Layout) -> None:
    """Nothing is built within the box, which has no network: a missing program is an error."""
    fake_programs.homes["etcd"].rename(fake_programs.homes["etcd"].with_name("away"))
    with pytest.raises(UserError, match="etcd: not built"):
        components.all_components(layout, 10, 11, 12)


def test_api_server_authorises(made: dict[str, Component]) -> None:
    """The API server authorises nodes and roles, encrypts Secrets, and keeps a node from what is another's."""
    server = made["kube-apiserver"]
    assert option(server, "--authorization-mode") == "Node,RBAC"
    assert "NodeRestriction" in option(server, "--enable-admission-plugins")
    assert option(server, "--encryption-provider-config").endswith("encryption.yaml")
    assert option(server, "--kubelet-certificate-authority").endswith("/ca.crt")


def test_etcd_asks_for_certificates(made: dict[str, Component]) -> None:
    """Etcd speaks to those alone whom its own authority vouches for, on the loopback address."""
    etcd = made["etcd"]
    assert {"--client-cert-auth", "--peer-client-cert-auth"} <= set(etcd.argv)
    assert option(etcd, "--trusted-ca-file").endswith("/etcd-ca.crt")
    assert option(etcd, "--listen-client-urls") == "https://127.0.0.1:2379"


def test_every_file_named_exists(made: dict[str, Component], layout: Layout) -> None:
    """Every certificate and key that an argument names is one that is made."""
    named = [word.partition("=")[2] for component in made.values() for word in component.argv]
    files = [word for word in named if word.startswith(f"{layout.pki}/")]
    assert len(files) > 15
    assert [word for word in files if not os.path.exists(word)] == []  # noqa: PTH110  # it is a word, not a Path


def test_each_component_is_itself(made: dict[str, Component], layout: Layout) -> None:
    """No component borrows another's kubeconfig."""
    for name, subject in (("kube-scheduler", "scheduler"), ("kube-controller-manager", "controller-manager")):
        assert option(made[name], "--kubeconfig") == str(layout.kubeconfigs / subject)
    assert made["calico-felix"].env["KUBECONFIG"] == str(layout.kubeconfigs / "felix")
    assert option(made["kubelet"], "--kubeconfig") == str(layout.kubeconfigs / "kubelet")


def test_sockets_reach_their_forwarders(made: dict[str, Component]) -> None:
    """Each listening socket is inherited by one forwarder, which is told where it leads."""
    assert {name: component.fds for name, component in made.items() if component.fds} == {
        "forward-api": (10,),
        "forward-visitors": (11, 12),
    }
    visitors = made["forward-visitors"]
    assert visitors.argv[1] == "--net=/run/netns/internet"
    forwards = [Forward.parse(word) for word in visitors.argv[-2:]]
    assert [(forward.port, forward.source) for forward in forwards] == [
        (30081, "203.0.113.20"),
        (30082, "203.0.113.20"),
    ]


def test_something_answers_on_the_internet(made: dict[str, Component]) -> None:
    """The network check's targets outside the cluster are served from the namespace that plays the Internet."""
    internet = made["internet"]
    assert internet.argv[1] == "--net=/run/netns/internet"
    assert internet.argv[-4:] == ("listen", "80/TCP", "443/TCP", "53/UDP")
    assert internet.env["PYTHONPATH"] == str(paths.ROOT / "services" / "probe")


def test_felix_waits_for_its_resources(made: dict[str, Component], layout: Layout) -> None:
    """Felix and the provisioner start once what they read has been applied."""
    layout.state.mkdir(exist_ok=True)
    waiting = [made["calico-felix"], made["local-path-provisioner"]]
    assert not any(component.may_start() for component in waiting)
    layout.addons_applied.touch()
    assert all(component.may_start() for component in waiting)


class TestEnvironment:
    """What a component sees."""

    def test_system_folders(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Mount, iptables and runc are found, also by one whose PATH has no folder of system programs."""
        monkeypatch.setenv("PATH", "/opt/odd")
        found = Component("one", ("true",)).environment(tmp_path)["PATH"].split(os.pathsep)
        assert found[0] == "/opt/odd"
        assert {"/usr/sbin", "/sbin"} <= set(found)

    def test_own_words_win(self, tmp_path: Path) -> None:
        """What a component sets itself goes before what all have."""
        assert Component("one", ("true",), {"PATH": "/mine"}).environment(tmp_path)["PATH"] == "/mine"
