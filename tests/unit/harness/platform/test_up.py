"""Bringing the platform up: what is done, in which order, and what is not done again."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from harness import deploy, images, prerequisites, programs, settings
from harness.cluster import selection
from harness.cluster.embedded import lifecycle, node_images
from harness.cluster.embedded.manager import EmbeddedManager
from harness.cluster.manager import Endpoints
from harness.deploy import Deployed
from harness.errors import UserError
from harness.images import Image, ImageSet
from harness.platform import turn, up
from harness.settings import ClusterSettings

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.cluster.embedded.layout import Layout


class Built(ImageSet):
    """Images that need no archive."""

    def archive(self, names: object = None) -> Path:  # noqa: ARG002  # the original's
        """Return where it would be."""
        return programs.TOOLS / "archive.tar"


IMAGES = Built({"vote": Image("vote", "docker.io/ballotbox/vote:1", 0)}, 0, 0.0, ())


class Cluster(EmbeddedManager):
    """An embedded cluster that tells what was asked of it instead of doing it."""

    provider: ClassVar[str] = "embedded"
    runs = False
    lacks_images = False
    refreshed: tuple[str, ...] = ()

    def __init__(self, chosen: ClusterSettings, told: list[str]) -> None:
        super().__init__(chosen)
        self.told = told

    def is_running(self) -> bool:
        """Tell what the test says."""
        return self.runs

    def create(self, *_: Any, **__: Any) -> None:
        """Tell."""
        self.told.append("create")

    def has_images(self, references: Iterable[str]) -> bool:
        """Tell what the test says, of the images that were built."""
        assert list(references) == ["docker.io/ballotbox/vote:1"]
        return not self.lacks_images

    def load_images(self, archive: Path) -> None:
        """Tell."""
        self.told.append(f"load {archive.name}")

    def refresh(self, images: ImageSet) -> tuple[str, ...]:
        """Tell, and say what the test says."""
        assert images is IMAGES
        self.told.append("refresh")
        return self.refreshed

    def outdated(self) -> list[str]:
        """Say that one tool is."""
        return ["kube"]


@pytest.fixture
def told() -> list[str]:
    """What was done, in order."""
    return []


@pytest.fixture
def cluster(told: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cluster:
    """A platform whose pieces tell that they are called."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = Cluster(ClusterSettings(name="demo"), told)

    def tell(what: str, value: object = None) -> Any:
        def call(*_: object, **__: object) -> object:
            told.append(what)
            return value

        return call

    monkeypatch.setattr(selection, "select", lambda _: made)
    monkeypatch.setattr(up, "require", tell("require"))
    monkeypatch.setattr(prerequisites, "missing", lambda _: [])
    monkeypatch.setattr(programs, "missing", lambda *_: ["etcd"])
    monkeypatch.setattr(programs, "ensure", tell("build programs"))
    monkeypatch.setattr(images, "missing", lambda *_: [])
    monkeypatch.setattr(images, "build", tell("build images", IMAGES))
    monkeypatch.setattr(node_images, "missing", lambda _: True)
    monkeypatch.setattr(node_images, "ensure", tell("fill the store"))
    monkeypatch.setattr(deploy, "deploy", tell("deploy", Deployed((), 0.0, 0.0)))
    return made


def test_from_nothing(cluster: Cluster, told: list[str]) -> None:
    """The machine is looked at first, everything is built before a cluster is made, and the cluster loads images."""
    done = up.bring_up(cluster.settings)
    assert told == ["require", "build programs", "build images", "fill the store", "create", "deploy"]
    assert done.created
    assert done.outdated == ()
    assert done.endpoints == Endpoints("http://localhost:8080", "http://localhost:8081")
    assert done.ready_s >= done.node_ready_s > 0.0


def record(cluster: Cluster, vote_port: int = 8080) -> None:
    """Let the cluster run."""
    cluster.runs = True
    dataclasses.replace(cluster.layout, vote_port=vote_port).save()


def test_running_cluster_is_not_made_again(cluster: Cluster, told: list[str]) -> None:
    """On a cluster that runs and has the images, there is only to deploy."""
    record(cluster)
    done = up.bring_up(cluster.settings)
    assert told == ["require", "build programs", "build images", "refresh", "deploy"]
    assert (done.created, done.node_ready_s) == (False, 0.0)
    assert (done.changes, done.outdated) == ((), ("kube",))


def test_all_changes_are_told(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changed of the cluster is told before what changed of the application."""
    record(cluster)
    cluster.refreshed = ("applied: DNS",)
    monkeypatch.setattr(deploy, "deploy", lambda *_: Deployed(("vote changed",), 0.0, 0.0))
    assert up.bring_up(cluster.settings).changes == ("applied: DNS", "vote changed")


def test_images_that_the_node_lacks_are_loaded(cluster: Cluster, told: list[str]) -> None:
    """Images that an interrupted `up` had built and not loaded are loaded by the next one."""
    record(cluster)
    cluster.lacks_images = True
    up.bring_up(cluster.settings)
    assert told[-3:] == ["load archive.tar", "refresh", "deploy"]


def test_other_ports_need_another_cluster(cluster: Cluster, told: list[str]) -> None:
    """Ports cannot be changed while a cluster runs: nothing is done, and the error says how."""
    record(cluster, vote_port=9000)
    with pytest.raises(
        UserError, match=r"cluster demo: runs with ports 9000 and 8081, but 8080 and 8081 are asked for"
    ):
        up.bring_up(cluster.settings)
    assert told == []


def test_one_at_a_time(cluster: Cluster, told: list[str]) -> None:
    """A cluster that is being changed is left alone."""
    with turn.take("demo", "down"), pytest.raises(UserError, match="`down`"):
        up.bring_up(cluster.settings)
    assert told == []


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a box")
def test_ports_are_compared_with_the_running_box(box: Layout) -> None:
    """A real box is asked for its ports."""
    box.addons_applied.touch()
    ClusterSettings(name=box.name, vote_port=box.vote_port, result_port=box.result_port).remember("embedded")
    assert lifecycle.is_running(box)
    chosen = settings.read({"name": box.name, "vote_port": "1"}, {})
    with pytest.raises(UserError, match=f"runs with ports {box.vote_port} and {box.result_port}, but 1 and"):
        up.bring_up(chosen)
