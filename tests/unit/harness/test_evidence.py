"""What explains a failure is kept, also where the cluster is dead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from harness import evidence
from harness.cluster.manager import Endpoints, Manager
from harness.settings import ClusterSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fix_standins import StandIns


class OneFile(Manager):
    """A cluster that is a kubeconfig, and a stand-in for kubectl."""

    provider: ClassVar[str] = "embedded"

    def load_images(self, archive: Path) -> None:
        raise NotImplementedError

    def endpoints(self) -> Endpoints:
        raise NotImplementedError

    def _on_create(self, cluster_options: Any, **kwargs: Any) -> None:
        raise NotImplementedError

    def _on_delete(self) -> None:
        raise NotImplementedError


@pytest.fixture
def cluster(standins: StandIns) -> OneFile:
    """A cluster that is not there yet."""
    standins.install("kubectl")
    return OneFile(ClusterSettings(name="demo"), kubectl=standins.programs / "kubectl")


@pytest.fixture
def alive(cluster: OneFile) -> OneFile:
    """A cluster that answers."""
    cluster.kubeconfig.parent.mkdir(parents=True)
    cluster.kubeconfig.write_text("{}")
    return cluster


class TestFolderName:
    """`folder_name`."""

    def test_plain(self) -> None:
        """A test's id is recognised in the name, without what a file system or a shell stumbles over."""
        name = evidence.folder_name("tests/e2e/test_votes.py::TestA::test_tally[a b/c-é'\"]")
        assert name == "tests-e2e-test_votes.py-TestA-test_tally-a-b-c"

    def test_long_names_differ(self) -> None:
        """Two long ids that begin alike are two folders, of a length that file systems take."""
        one, other = (evidence.folder_name("tests/" + "x" * 300 + end) for end in "ab")
        assert one != other
        assert max(len(one), len(other)) < 200


class TestCollect:
    """`collect`."""

    def test_files(self, alive: OneFile, standins: StandIns, tmp_path: Path) -> None:
        """Pods, events, objects, the requests and how to run it again are each a file."""
        standins.answer("kubectl", "events", stdout="it happened\n")
        standins.answer("kubectl", "pods", "yaml", stdout="items: []\n")
        evidence.collect(
            alive, tmp_path / "kept", again="./nox -s tests -- x", requests=["GET / -> 200", "POST / -> 503"]
        )
        kept = {path.name: path.read_text() for path in (tmp_path / "kept").iterdir()}
        assert kept["run-again.txt"] == "./nox -s tests -- x\n"
        assert kept["requests.txt"] == "GET / -> 200\nPOST / -> 503\n"
        assert kept["events.txt"] == "it happened\n"
        assert kept["pods.yaml"] == "items: []\n"
        assert {"nodes.txt", "pods.txt", "describe.txt", "objects.txt"} <= set(kept)

    def test_logs_of_every_pod(self, alive: OneFile, standins: StandIns, tmp_path: Path) -> None:
        """Each pod's log is kept, and that of the container before, where there was one."""
        standins.answer("kubectl", "pods", "name", stdout="pod/vote-1\npod/worker-2\n")
        standins.answer("kubectl", "logs", "pod/vote-1", stdout="listening\n")
        standins.answer(
            "kubectl", "logs", "--previous", stderr='Error: previous terminated container "vote" not found', exit_code=1
        )
        standins.answer("kubectl", "logs", "pod/worker-2", stdout="started\n")
        standins.answer("kubectl", "logs", "pod/worker-2", "--previous", stdout="died\n")
        evidence.collect(alive, tmp_path, again="x")
        logs = {path.name: path.read_text() for path in tmp_path.glob("*.log")}
        assert logs == {"vote-1.log": "listening\n", "worker-2.log": "started\n", "worker-2.previous.log": "died\n"}

    def test_what_kubectl_cannot_say(self, alive: OneFile, standins: StandIns, tmp_path: Path) -> None:
        """An error of kubectl's stands in the file's place, and is taken for no pod's name."""
        standins.answer("kubectl", stderr="The connection to the server was refused\n", exit_code=1)
        evidence.collect(alive, tmp_path, again="x")
        assert "was refused" in (tmp_path / "pods.txt").read_text()
        assert list(tmp_path.glob("*.log")) == []

    def test_dead_cluster(self, cluster: OneFile, tmp_path: Path) -> None:
        """Of a cluster that is not there, the components' logs are kept all the same, and the reason for the rest."""
        logs = cluster.settings.state / "log"
        logs.mkdir(parents=True)
        (logs / "etcd.log").write_bytes(b"last words \xff")
        evidence.collect(cluster, tmp_path / "kept", again="x")
        assert (tmp_path / "kept" / "components" / "etcd.log").read_bytes() == b"last words \xff"
        assert "not collected: cluster demo: not there" in (tmp_path / "kept" / "pods.txt").read_text()
        assert list((tmp_path / "kept").glob("*.log")) == []
