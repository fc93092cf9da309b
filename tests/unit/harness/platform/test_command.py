"""The commands up, down, status and kubectl, over boxes and kubectls that are stand-ins."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from harness import paths
from harness.cluster.embedded import lifecycle
from harness.errors import UserError
from harness.platform import command, turn
from harness.settings import ClusterSettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from harness.cluster.embedded.layout import Layout
    from tests.fix_box import FakePrograms
    from tests.fix_standins import StandIns

POD = {
    "metadata": {"namespace": "ballotbox", "name": "vote-1"},
    "status": {"phase": "Running", "containerStatuses": [{"ready": True, "restartCount": 2}]},
}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting of this machine's is met."""
    for variable in [name for name in os.environ if name.startswith("BALLOTBOX_")]:
        monkeypatch.delenv(variable)


def options(**given: Any) -> argparse.Namespace:
    """Return a command's options."""
    return argparse.Namespace(**given)


@pytest.fixture
def external(standins: StandIns, tmp_path: Path) -> StandIns:
    """A cluster called demo of somebody else's, whose kubectl is a stand-in."""
    standins.install("kubectl")
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text("{}")
    ClusterSettings(name="demo", kubeconfig=kubeconfig).remember("external")
    return standins


class TestKubectl:
    """`kubectl`."""

    @pytest.mark.parametrize(
        ("words", "reach"),
        [
            (["--name", "demo", "get", "pods", "-A", "-o", "wide"], ["get", "pods", "-A", "-o", "wide"]),
            (["--", "--name=demo", "get", "--help"], ["get", "--help"]),
            (["--name", "demo", "exec", "x", "--", "sh", "-c", "a b"], ["exec", "x", "--", "sh", "-c", "a b"]),
            (["--name", "demo", "--help"], ["--help"]),
            (["--name", "demo", "get", "--name", "x"], ["get", "--name", "x"]),
        ],
    )
    def test_words_reach_it(self, external: StandIns, tmp_path: Path, words: list[str], reach: list[str]) -> None:
        """Whatever kubectl is to be told reaches it as it is, and its output and exit code come back."""
        external.answer("kubectl", stdout="said\n", stderr="warned\n", exit_code=7)
        done = subprocess.run(
            [sys.executable, "-m", "harness", "kubectl", *words],
            cwd=paths.ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert external.calls("kubectl")[0].arguments == ["--kubeconfig", str(tmp_path / "kubeconfig"), *reach]
        assert (done.returncode, done.stderr) == (7, "warned\n")
        assert done.stdout.endswith("said\n")

    def test_environment_chooses_the_cluster(self, external: StandIns, monkeypatch: pytest.MonkeyPatch) -> None:
        """The cluster may be chosen by the environment, too."""
        monkeypatch.setenv("BALLOTBOX_NAME", "demo")
        subprocess.run([sys.executable, "-m", "harness", "kubectl", "version"], cwd=paths.ROOT, check=True)
        assert external.calls("kubectl")[0].arguments[2:] == ["version"]

    def test_name_without_one(self) -> None:
        """An option without its value is told."""
        with pytest.raises(UserError, match="--name: names no cluster"):
            command._split(["--name"])


class TestDown:
    """`down`."""

    def test_removes(self, box: Layout, capsys: pytest.CaptureFixture[str]) -> None:
        """A cluster is removed whole, though no option says where it comes from."""
        ClusterSettings(name=box.name).remember("embedded")
        assert command.down(options(name=box.name)) == 0
        assert f"cluster {box.name}: gone" in capsys.readouterr().out
        assert not box.state.exists()
        assert not lifecycle.is_running(box)

    def test_takes_its_turn(self, box: Layout) -> None:
        """A cluster that is on its way up is not taken down meanwhile."""
        with turn.take(box.name, "up"), pytest.raises(UserError, match=r"`up` .* is at work on it"):
            command.down(options(name=box.name))
        assert lifecycle.is_running(box)


class TestStatus:
    """`status`."""

    @pytest.fixture
    def kubectl(self, box: Layout, fake_programs: FakePrograms) -> FakePrograms:
        """A box that counts as running, whose kubectl says that one pod runs."""
        ClusterSettings(name=box.name).remember("embedded")
        box.addons_applied.touch()
        fake_programs.write("kube", "kubectl", f"echo '{json.dumps({'items': [POD]})}'")
        return fake_programs

    @pytest.fixture
    def say(self, kubectl: FakePrograms, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
        """Lets the supervisor say this of etcd, and nothing of others, which wait for a real one; and kubectl that."""

        def said(script: str = "", **etcd: Any) -> None:
            components = {"etcd": {"pid_in_box": 7, "restarts": 0, "last_exit": ""} | etcd}
            monkeypatch.setattr("harness.cluster.embedded.diagnosis.components", lambda _: components)
            if script:
                kubectl.write("kube", "kubectl", script)

        return said

    def test_whole(
        self,
        box: Layout,
        say: Callable[..., None],
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        """Components, pods with their restarts, and the two addresses are told; all is well."""
        say(restarts=1, last_exit="exit code 1")
        assert command.status(options(name=box.name)) == 0
        said = capsys.readouterr().out
        assert "etcd" in said
        assert "vote-1" in said
        assert f"http://localhost:{box.vote_port}" in said

    @pytest.mark.parametrize(
        ("last_exit", "told"), [("signal SIGKILL", "SIGKILL"), ("", "waits for what it stands on")]
    )
    def test_component_that_does_not_run(
        self,
        box: Layout,
        say: Callable[..., None],
        capsys: pytest.CaptureFixture[str],
        last_exit: str,
        told: str,
    ) -> None:
        """A component that does not run is told with the reason, and is exit code 1."""
        say(pid_in_box=None, restarts=3, last_exit=last_exit)
        assert command.status(options(name=box.name)) == 1
        assert told in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("script", "told"),
        [
            ("echo 'connection refused' >&2; exit 1", "connection refused"),
            ("""echo '{"items": []}'""", "no pod; `./nox -s up` deploys"),
            (f"echo '{json.dumps({'items': [POD | {'status': {'phase': 'Pending'}}]})}'", "Pending"),
        ],
    )
    def test_pods_that_are_not_well(
        self,
        box: Layout,
        say: Callable[..., None],
        capsys: pytest.CaptureFixture[str],
        script: str,
        told: str,
    ) -> None:
        """An API server that does not answer, no pod, and one that does not run are each told, and exit code 1."""
        say(script)
        assert command.status(options(name=box.name)) == 1
        assert told in capsys.readouterr().out

    @pytest.mark.usefixtures("kubectl")
    def test_killed(self, box: Layout, capsys: pytest.CaptureFixture[str]) -> None:
        """A cluster that was killed is told from one that never was, with what to do."""
        lifecycle.end(box)
        assert command.status(options(name=box.name)) == 1
        assert "was killed" in capsys.readouterr().out
