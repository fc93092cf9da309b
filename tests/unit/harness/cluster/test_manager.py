"""The shared manager, against a stand-in for kubectl: what is tested is how programs are called and answers taken."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from harness.cluster.manager import Endpoints, Manager
from harness.errors import UserError
from harness.process import ProcessError
from harness.settings import ClusterSettings
from harness.waiting import WaitError

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fix_standins import StandIns


class OneFile(Manager):
    """The smallest provider: its clusters are a kubeconfig."""

    provider: ClassVar[str] = "embedded"

    def load_images(self, archive: Path) -> None:
        raise NotImplementedError

    def endpoints(self) -> Endpoints:
        raise NotImplementedError

    def _on_create(self, cluster_options: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self.kubeconfig.parent.mkdir(parents=True, exist_ok=True)
        self.kubeconfig.write_text("{}")

    def _on_delete(self) -> None:
        self.kubeconfig.unlink()


@pytest.fixture
def cluster(standins: StandIns) -> OneFile:
    """Give a cluster that is there, with a stand-in for kubectl."""
    standins.install("kubectl")
    manager = OneFile(ClusterSettings(name="demo"), kubectl=standins.programs / "kubectl")
    manager._on_create(None)
    return manager


def ready(standins: StandIns) -> None:
    """Let the server be ready."""
    standins.answer("kubectl", "get", "--raw=/readyz", stdout="ok")
    standins.answer("kubectl", "get", "serviceaccount", stdout="serviceaccount/default\n")


class TestKubectl:
    """`Manager.kubectl`."""

    def test_words(self, cluster: OneFile, standins: StandIns) -> None:
        """Words reach kubectl as they are, whatever a shell would make of them."""
        odd = ["get", "pods", "-l", "app in (a, b)", "$HOME; `id` 'x' \"y\" *"]
        assert cluster.kubectl(odd, as_dict=False) == ""
        assert standins.calls("kubectl")[0].arguments == ["--kubeconfig", str(cluster.kubeconfig), *odd]

    def test_arguments_untouched(self, cluster: OneFile, standins: StandIns) -> None:
        """The list of arguments is the caller's, and stays as it was."""
        standins.answer("kubectl", stdout="{}")
        arguments = ["get", "pods"]
        cluster.kubectl(arguments)
        cluster.kubectl(arguments)
        assert arguments == ["get", "pods"]

    def test_environment(self, cluster: OneFile, standins: StandIns, monkeypatch: pytest.MonkeyPatch) -> None:
        """Kubectl gets this process's environment."""
        monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
        cluster.kubectl(["get", "pods"], as_dict=False)
        assert standins.calls("kubectl")[0].environment["HTTPS_PROXY"] == "http://proxy.example:3128"

    def test_json(self, cluster: OneFile, standins: StandIns) -> None:
        """By default JSON is asked for and given parsed."""
        standins.answer("kubectl", "-o", "json", stdout='{"items": []}')
        assert cluster.kubectl(["get", "pods"]) == {"items": []}

    def test_json_of_another_kind(self, cluster: OneFile, standins: StandIns) -> None:
        """JSON that is no object is an error that says so."""
        standins.answer("kubectl", stdout="[]")
        with pytest.raises(UserError, match="kubectl get pods: expected a JSON object, found list"):
            cluster.kubectl(["get", "pods"])

    def test_failure(self, cluster: OneFile, standins: StandIns) -> None:
        """Kubectl's failure is one line with its words."""
        standins.answer("kubectl", stderr='Error from server (NotFound): pods "x" not found\n', exit_code=1)
        with pytest.raises(ProcessError, match=r'exit code 1: Error from server \(NotFound\): pods "x" not found$'):
            cluster.kubectl(["get", "pod", "x"])

    def test_no_cluster(self, standins: StandIns) -> None:
        """Without a cluster the message says how to get one, and kubectl is not run."""
        standins.install("kubectl")
        with pytest.raises(UserError, match=r"cluster demo: not there \(no .*kubeconfig\); `./nox -s up` makes it"):
            OneFile(ClusterSettings(name="demo")).kubectl(["get", "pods"])
        assert standins.calls("kubectl") == []


class TestApply:
    """`Manager.apply`."""

    def test_object(self, cluster: OneFile, standins: StandIns) -> None:
        """An object goes by standard input, whatever quotes it has."""
        secret = {"kind": "Secret", "stringData": {"password": 'it\'s $(a) "test"'}}
        cluster.apply(secret)
        call = standins.calls("kubectl")[0]
        assert call.arguments[2:] == ["apply", "-f", "-"]
        assert json.loads(call.stdin) == secret

    def test_file(self, cluster: OneFile, standins: StandIns, tmp_path: Path) -> None:
        """A file goes by its path, spaces and all."""
        cluster.apply(tmp_path / "a file.yaml")
        assert standins.calls("kubectl")[0].arguments[2:] == ["apply", "-f", str(tmp_path / "a file.yaml")]

    def test_kustomization(self, cluster: OneFile, standins: StandIns, tmp_path: Path) -> None:
        """A folder with a kustomization is built first."""
        (tmp_path / "kustomization.yaml").touch()
        cluster.apply(tmp_path)
        assert standins.calls("kubectl")[0].arguments[2:] == ["apply", "-k", str(tmp_path)]


class TestWait:
    """`Manager.wait`, `ready` and `wait_ready`."""

    def test_words(self, cluster: OneFile, standins: StandIns) -> None:
        """Kubectl is asked for the condition in the namespace."""
        cluster.wait("deployment/vote", "condition=Available", namespace="ballotbox")
        asked = ["wait", "deployment/vote", "--for=condition=Available", "--timeout=1s", "--namespace=ballotbox"]
        assert standins.calls("kubectl")[0].arguments[2:] == asked

    def test_gives_up(self, cluster: OneFile, standins: StandIns) -> None:
        """An object that never comes is an error with kubectl's last words."""
        standins.answer("kubectl", "wait", stderr='deployments "vote" not found', exit_code=1)
        with pytest.raises(
            WaitError, match=r'deployment/vote in .*: not there after 0 s; last seen: .*"vote" not found'
        ):
            cluster.wait("deployment/vote", "condition=Available", timeout=0)

    def test_waits_for_objects_to_come(self, cluster: OneFile, standins: StandIns) -> None:
        """An object that is not there yet is waited for; kubectl alone gives up on it at once."""
        standins.answer("kubectl", "wait", stderr="not found", exit_code=1)
        look = cluster.kubectl_argv

        def later(*arguments: str) -> list[str]:
            if standins.calls("kubectl"):
                standins.answer("kubectl", "wait", stdout="deployment.apps/vote condition met")
            return look(*arguments)

        cluster.kubectl_argv = later  # type: ignore[method-assign]
        cluster.wait("deployment/vote", "condition=Available", timeout=20)
        assert len(standins.calls("kubectl")) == 2

    def test_ready(self, cluster: OneFile, standins: StandIns) -> None:
        """A cluster is ready when its server says ok and pods can have a service account."""
        assert not cluster.ready(timeout=0)
        standins.answer("kubectl", "get", "--raw=/readyz", stdout="ok")
        assert not cluster.ready(timeout=0)
        ready(standins)
        assert cluster.ready(timeout=0)

    def test_not_ready_says_why(self, cluster: OneFile, standins: StandIns) -> None:
        """The server's last words are in the error."""
        standins.answer("kubectl", "get", "--raw=/readyz", stderr="[-]etcd failed: reason withheld", exit_code=1)
        with pytest.raises(WaitError, match=r"the API server: not there after 0 s; last seen: \[-\]etcd failed"):
            cluster.wait_ready(0)


class TestLifecycle:
    """`Manager.create` and `delete`."""

    def test_creates(self, standins: StandIns) -> None:
        """A new cluster is created, and later commands know where it comes from."""
        standins.install("kubectl")
        ready(standins)
        manager = OneFile(ClusterSettings(name="demo"), kubectl=standins.programs / "kubectl")
        manager.create()
        assert manager.kubeconfig.is_file()
        assert json.loads((manager.settings.state / "cluster.json").read_text())["cluster"] == "embedded"
        manager.delete()
        assert not manager.settings.state.exists()

    def test_leaves_alone_what_it_found(self, cluster: OneFile, standins: StandIns) -> None:
        """A cluster that ran already is not created again, nor deleted by the one that found it."""
        ready(standins)
        cluster._on_create = None  # type: ignore[method-assign,assignment]
        cluster.create()
        cluster.delete()
        assert cluster.kubeconfig.is_file()

    def test_failed_start_is_found_by_down(self, standins: StandIns) -> None:
        """A start that fails is remembered, so that `down` without options removes what it left."""
        standins.install("kubectl")
        manager = OneFile(ClusterSettings(name="demo"), kubectl=standins.programs / "kubectl")
        with pytest.raises(WaitError):
            manager.create(timeout=0)
        assert (manager.settings.state / "cluster.json").is_file()

    def test_name_has_no_prefix(self, cluster: OneFile) -> None:
        """The cluster is called what it was told to be called."""
        assert cluster.cluster_name == "demo"


class TestQuestions:
    """`Manager.logs`, `version` and `port_forwarding`."""

    def test_logs(self, cluster: OneFile, standins: StandIns) -> None:
        """Logs are all containers', or one's."""
        standins.answer("kubectl", "logs", stdout="line\n")
        assert cluster.logs("vote-1", namespace="ballotbox") == "line\n"
        assert cluster.logs("vote-1", container="vote") == "line\n"
        assert [call.arguments[2:] for call in standins.calls("kubectl")] == [
            ["logs", "vote-1", "--all-containers", "--namespace=ballotbox"],
            ["logs", "vote-1", "--container=vote"],
        ]

    @pytest.mark.parametrize("minor", ["37", "37+"])
    def test_version(self, cluster: OneFile, standins: StandIns, minor: str) -> None:
        """The version is two numbers, also of distributions that mark theirs with a plus."""
        standins.answer("kubectl", "version", stdout=json.dumps({"serverVersion": {"major": "1", "minor": minor}}))
        assert cluster.version() == (1, 37)

    def test_port_forwarding(self, cluster: OneFile, standins: StandIns) -> None:
        """Port forwarding uses the cluster's kubectl, not the first on PATH."""
        assert cluster.port_forwarding("service/vote", 8080, 80)._exec_path == standins.programs / "kubectl"
