"""The embedded provider over boxes whose programs are stand-ins."""

from __future__ import annotations

import io
import json
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from harness.cluster.embedded import addons, cgroups, lifecycle, manager, node_images
from harness.cluster.embedded.manager import EmbeddedManager
from harness.errors import UserError
from harness.images import Image, ImageSet
from harness.progress import Plan
from harness.settings import ClusterSettings
from harness.waiting import Seen, wait_for
from tests.fix_box import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.cluster.embedded.layout import Layout
    from tests.fix_box import FakePrograms

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root for namespaces and cgroups")


class NoImages(ImageSet):
    """Images that are nowhere: no containerd here asks for them."""

    def archive(self, names: object = None) -> Path:  # noqa: ARG002
        """Return where none is."""
        return Path("/nowhere.tar")


IMAGES = NoImages(
    {name: Image(name, f"docker.io/ballotbox/{name}:1", 0) for name in ("pause", "coredns", "helper")}, 0, 0.0, ()
)


@pytest.fixture
def cluster(fake_programs: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> Iterator[EmbeddedManager]:
    """A cluster that is not there, and an image store that holds nothing."""
    assert fake_programs.homes
    monkeypatch.setattr(node_images, "give", lambda _, root: root.mkdir())
    made = EmbeddedManager(
        ClusterSettings(name=NAME, vote_port=lifecycle.free_port(), result_port=lifecycle.free_port())
    )
    yield made
    made.delete()


def plan() -> Plan:
    """Return a plan that tells nobody."""
    return Plan("cluster", 3, Console(file=io.StringIO()))


def create(cluster: EmbeddedManager) -> None:
    """Create a cluster."""
    cluster.create(images=IMAGES, plan=plan())


class TestCreate:
    """A cluster that does not come up says why."""

    def test_component_that_dies(self, cluster: EmbeddedManager, fake_programs: FakePrograms) -> None:
        """A component that dies over and over is named with its last words; nothing of the cluster runs on."""
        fake_programs.write("etcd", "etcd", "echo 'etcd: listen tcp: address already in use'; exit 1")
        with pytest.raises(UserError) as caught:
            create(cluster)
        log = cluster.settings.state / "log" / "etcd.log"
        assert f"cluster {NAME}: etcd ended 3 times, last with exit code 1: " in str(caught.value)
        assert f"etcd: listen tcp: address already in use (all of it: {log})" in str(caught.value)
        assert log.is_file(), "the log that the error names is gone"
        assert lifecycle.supervisor_pid(cluster.layout) is None
        assert not [folder for folder in cgroups.read().folders(cluster.layout.cgroup) if folder.exists()]

    def test_box_that_ends(self, cluster: EmbeddedManager, monkeypatch: pytest.MonkeyPatch) -> None:
        """A supervisor that ends at its start is told with its last words, at once."""
        gone = cluster.settings.state.parent / "gone"

        def lay_out(layout: Layout, images: ImageSet) -> None:
            original(layout, images)
            # As if the programs had changed meanwhile: the supervisor finds none.
            os.rename(os.environ["XDG_CACHE_HOME"], gone)  # noqa: PTH104  # two words, not Paths

        original = cluster._lay_out
        monkeypatch.setattr(cluster, "_lay_out", lay_out)
        with pytest.raises(UserError, match=f"cluster {NAME}: its supervisor ended: .*not built"):
            create(cluster)

    def test_taken_port(self, cluster: EmbeddedManager) -> None:
        """A port that is taken is named before anything starts."""
        with (
            socket.create_server(("127.0.0.1", cluster.settings.vote_port)),
            pytest.raises(UserError, match=f"port {cluster.settings.vote_port} of"),
        ):
            create(cluster)
        assert not lifecycle.is_running(cluster.layout)

    def test_api_that_never_answers(self, cluster: EmbeddedManager, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where everything runs and nothing answers, what was waited for is named, and the box ended."""
        monkeypatch.setattr(manager, "_API_TIMEOUT_S", 1.0)
        with pytest.raises(UserError, match="the API server: not there after 1 s"):
            create(cluster)
        assert not lifecycle.is_running(cluster.layout)

    def test_interrupted(self, cluster: EmbeddedManager, monkeypatch: pytest.MonkeyPatch) -> None:
        """Ctrl-C in the middle ends what was started."""

        def interrupt(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(cluster, "_wait_for_api", interrupt)
        with pytest.raises(KeyboardInterrupt):
            create(cluster)
        assert not lifecycle.is_running(cluster.layout)

    def test_failed_start_is_remembered(self, cluster: EmbeddedManager, fake_programs: FakePrograms) -> None:
        """`down` without options finds what a failed start left."""
        fake_programs.write("etcd", "etcd", "exit 1")
        with pytest.raises(UserError):
            create(cluster)
        assert (cluster.settings.state / "cluster.json").is_file()
        cluster.delete()
        assert not cluster.settings.state.exists()


class TestQuestions:
    """What a cluster says of itself."""

    def test_nothing_there(self, cluster: EmbeddedManager) -> None:
        """A cluster that was never made does not run, has no components, and is not ready."""
        assert not cluster.is_running()
        assert not cluster.ready(timeout=0)
        assert cluster.status() == {}
        with pytest.raises(UserError, match=f"cluster {NAME}: does not run; `./nox -s up` starts it"):
            cluster.has_images(["x"])

    def test_half_made(self, box: Layout) -> None:
        """A box without what every cluster needs, as a killed `up` leaves it, does not count as running."""
        half = EmbeddedManager(ClusterSettings(name=NAME))
        assert half.layout == box
        assert not half.is_running()
        box.addons_applied.touch()
        assert half.is_running()

    def test_outdated(self, cluster: EmbeddedManager, fake_programs: FakePrograms) -> None:
        """A tool of which the running cluster has another build is named, and no other."""
        homes = {tool: home.name for tool, home in fake_programs.homes.items()}
        cluster.layout.save()
        cluster.layout.programs.write_text(json.dumps(homes))
        assert cluster.outdated() == []
        cluster.layout.programs.write_text(json.dumps({**homes, "kube": "kube-0123"}))
        assert cluster.outdated() == ["kube"]
        cluster.layout.programs.unlink()
        assert cluster.outdated() == list(homes)

    def test_builds_are_recorded(self, cluster: EmbeddedManager, fake_programs: FakePrograms) -> None:
        """A new cluster notes which builds it runs."""
        layout = cluster.layout
        cluster._lay_out(layout, IMAGES)
        assert json.loads(layout.programs.read_text()) == {
            tool: home.name for tool, home in fake_programs.homes.items()
        }

    def test_refresh(self, cluster: EmbeddedManager, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was applied is applied again only when it has changed."""
        layout = cluster.layout
        layout.save()
        digests = iter(("1", "2", "2", "2"))
        monkeypatch.setattr(addons, "digest", lambda *_: next(digests))
        monkeypatch.setattr(addons, "objects", lambda *_: iter(()))
        monkeypatch.setattr(manager, "Api", lambda *_: None)
        layout.addons_applied.write_text("1")
        assert cluster.refresh(IMAGES) == ()
        assert cluster.refresh(IMAGES) == ("applied: roles, Calico's resources, storage and DNS",)
        assert cluster.refresh(IMAGES) == ()

    def test_kill_component(self, box: Layout) -> None:
        """A component is killed, and the supervisor says of what it died; one that is none is named."""
        running = EmbeddedManager(ClusterSettings(name=NAME))

        def etcd() -> dict[str, Any]:
            return running.status().get("etcd", {})

        wait_for("etcd", lambda: Seen(etcd().get("pid_in_box") is not None, str(etcd())), timeout_s=20)
        running.kill_component("etcd")
        wait_for("its end", lambda: Seen(etcd()["last_exit"] == "signal SIGKILL", str(etcd())), timeout_s=20)
        assert box.name == NAME
        with pytest.raises(UserError, match=f"cluster {NAME}: no component nothing runs"):
            running.kill_component("nothing")

    def test_endpoints_are_the_recorded_ones(self, box: Layout) -> None:
        """The addresses are those the cluster was made with, whatever this command's options say."""
        endpoints = EmbeddedManager(ClusterSettings(name=NAME, vote_port=1, result_port=2)).endpoints()
        assert endpoints.vote_url == f"http://localhost:{box.vote_port}"
        assert endpoints.result_url == f"http://localhost:{box.result_port}"

    def test_delete_needs_no_record(self, box: Layout) -> None:
        """A cluster whose record cannot be read is removed all the same."""
        (box.state / "layout.json").write_text('{"of": "another version"}')
        unreadable = EmbeddedManager(ClusterSettings(name=NAME))
        with pytest.raises(UserError, match=r"expected what this version of Ballotbox writes.*`./nox -s down"):
            unreadable.is_running()
        unreadable.delete()
        assert not box.state.exists()
