"""Somebody else's cluster: looked at, used, never deleted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from harness.cluster.external import ExternalManager, unsuitable
from harness.cluster.forwarding import Forwarding
from harness.errors import UserError
from harness.settings import ClusterSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.fix_standins import StandIns

DEFAULT = {"metadata": {"name": "fast", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}}
OTHER = {"metadata": {"name": "slow"}}


def node(name: str, status: str, *images: str) -> dict[str, Any]:
    """Return a node as kubectl gives it."""
    conditions = [{"type": "MemoryPressure", "status": "False"}, {"type": "Ready", "status": status}]
    return {"metadata": {"name": name}, "status": {"conditions": conditions, "images": [{"names": list(images)}]}}


@pytest.fixture
def settings(tmp_path: Path) -> ClusterSettings:
    """Choose a kubeconfig."""
    (tmp_path / "theirs").write_text("{}")
    return ClusterSettings(name="demo", kubeconfig=tmp_path / "theirs")


@pytest.fixture
def server(standins: StandIns) -> StandIns:
    """Give a stand-in for kubectl with a suitable cluster behind it."""
    standins.install("kubectl")
    standins.answer("kubectl", "get", "--raw=/readyz", stdout="ok")
    standins.answer("kubectl", "get", "serviceaccount", stdout="serviceaccount/default")
    standins.answer("kubectl", "version", stdout=json.dumps({"serverVersion": {"major": "1", "minor": "34"}}))
    standins.answer("kubectl", "get", "storageclasses", stdout=json.dumps({"items": [OTHER, DEFAULT]}))
    standins.answer("kubectl", "get", "nodes", stdout=json.dumps({"items": [node("n1", "True", "docker.io/a/b:1")]}))
    return standins


def test_create(server: StandIns, settings: ClusterSettings) -> None:
    """A suitable cluster is taken as it is, by the chosen kubeconfig."""
    ExternalManager(settings).create()
    assert all(call.arguments[:2] == ["--kubeconfig", str(settings.kubeconfig)] for call in server.calls("kubectl"))


def test_unreachable(server: StandIns, settings: ClusterSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that does not answer is an error with the client's words."""
    monkeypatch.setattr("harness.cluster.external._REACH_TIMEOUT_S", 0)
    server.answer("kubectl", "--raw=/readyz", stderr="dial tcp 192.0.2.1:6443: i/o timeout", exit_code=1)
    with pytest.raises(UserError, match=r"theirs: cannot be reached; .*dial tcp 192\.0\.2\.1:6443: i/o timeout"):
        ExternalManager(settings).create()


def test_unsuitable_cluster(server: StandIns, settings: ClusterSettings) -> None:
    """A cluster without what the platform needs is refused before anything is deployed."""
    server.answer("kubectl", "get", "storageclasses", stdout=json.dumps({"items": [OTHER]}))
    with pytest.raises(UserError, match="theirs: no default StorageClass"):
        ExternalManager(settings).create()


@pytest.mark.parametrize(
    ("version", "classes", "nodes", "complaints"),
    [
        ((1, 28), [DEFAULT], [node("a", "True")], []),
        ((1, 28), [DEFAULT], [node("a", "False"), node("b", "True")], []),
        ((1, 27), [DEFAULT], [node("a", "True")], ["Kubernetes 1.27 is too old"]),
        ((2, 0), [], [node("a", "True")], ["no default StorageClass"]),
        ((1, 28), [DEFAULT], [node("a", "Unknown"), node("b", "False")], ["no node is Ready (found a, b)"]),
        ((1, 28), [DEFAULT], [], ["no node is Ready (found none)"]),
        ((1, 9), [OTHER], [], ["Kubernetes 1.9", "no default", "no node"]),
    ],
)
def test_unsuitable(version: tuple[int, int], classes: list[Any], nodes: list[Any], complaints: list[str]) -> None:
    """Each lack is named, all at once."""
    lacks = unsuitable(version, {"items": classes}, {"items": nodes})
    assert len(lacks) == len(complaints)
    assert all(lack.startswith(complaint) for lack, complaint in zip(lacks, complaints, strict=True))


def test_delete_refuses(server: StandIns, settings: ClusterSettings) -> None:
    """Deleting is refused with the command that removes the platform; nothing is asked of the cluster."""
    settings.remember("external")
    with pytest.raises(
        UserError, match=r"is not deleted; .* run `kubectl --kubeconfig .*theirs delete namespace ballotbox`"
    ):
        ExternalManager(settings).delete()
    assert server.calls("kubectl") == []
    assert settings.kubeconfig is not None
    assert settings.kubeconfig.is_file()
    assert not settings.state.exists()


def test_condition_that_is_not_ready() -> None:
    """A node under memory pressure that is not Ready has a true condition, but not the one that counts."""
    pressed = {"metadata": {"name": "a"}, "status": {"conditions": [{"type": "MemoryPressure", "status": "True"}]}}
    assert unsuitable((1, 28), {"items": [DEFAULT]}, {"items": [pressed]}) == [
        "no node is Ready (found a), `kubectl describe nodes` says why"
    ]


def test_delete_ends_forwarding(settings: ClusterSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Letting a cluster go ends the forwarding of its ports."""
    ended: list[Forwarding] = []

    def stop(forwarding: Forwarding) -> None:
        ended.append(forwarding)

    monkeypatch.setattr(Forwarding, "stop", stop)
    with pytest.raises(UserError, match="is not deleted"):
        ExternalManager(settings).delete()
    assert len(ended) == 1


def test_found_cluster_is_let_go(server: StandIns, settings: ClusterSettings) -> None:
    """The session that found the cluster lets it go without a complaint."""
    manager = ExternalManager(settings)
    manager.create()
    before = len(server.calls("kubectl"))
    manager.delete()
    assert len(server.calls("kubectl")) == before


def test_images(server: StandIns, settings: ClusterSettings, docker_archive: Callable[..., Path]) -> None:
    """Images that every node has are fine; others are named with the node, for nothing can be loaded there."""
    manager = ExternalManager(settings)
    manager.load_images(docker_archive("a/b:1"))
    server.answer(
        "kubectl", "get", "nodes", stdout=json.dumps({"items": [node("n1", "True", "a/b:1"), node("n2", "True")]})
    )
    with pytest.raises(UserError, match=r"node n2 has no image docker\.io/a/b:1, .* push .*images\.tar to a registry"):
        manager.load_images(docker_archive("a/b:1"))


def test_no_kubeconfig() -> None:
    """The person's default kubeconfig is never taken: it may be production."""
    with pytest.raises(UserError, match="--cluster external needs --kubeconfig FILE"):
        ExternalManager(ClusterSettings(name="demo"))


def test_nothing_is_killed(settings: ClusterSettings) -> None:
    """Nobody lets us into somebody else's nodes: a container cannot be killed there, and that is no success."""
    with pytest.raises(UserError, match="provider external does not let us into its nodes"):
        ExternalManager(settings).kill_container("containerd://0af1")
