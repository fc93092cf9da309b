"""A cluster's settings."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

import pytest

from harness import settings
from harness.errors import UserError
from harness.settings import ClusterSettings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the state of clusters in the test's folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def test_defaults() -> None:
    """Nothing chosen is a cluster called ballotbox on ports 8080 and 8081, from wherever the machine can."""
    assert settings.read({}, {}) == ClusterSettings(name="ballotbox", provider=None, vote_port=8080, result_port=8081)


def test_precedence() -> None:
    """An option wins over its variable, that over what `up` chose, that over the default."""
    ClusterSettings(vote_port=1001, result_port=1002).remember("embedded")
    assert settings.read({}, {}).vote_port == 1001
    assert settings.read({}, {"BALLOTBOX_VOTE_PORT": "2001"}).vote_port == 2001
    assert settings.read({"vote_port": "3001"}, {"BALLOTBOX_VOTE_PORT": "2001"}).vote_port == 3001
    assert settings.read({}, {}, recall=False).vote_port == 8080


def test_empty_variable_is_not_set() -> None:
    """A variable that is set to nothing counts as not set."""
    assert settings.read({}, {"BALLOTBOX_CLUSTER": "", "BALLOTBOX_VOTE_PORT": ""}) == ClusterSettings()


def test_remembers_everything(tmp_path: Path) -> None:
    """What `up` chose is what later commands mean."""
    (tmp_path / "theirs").touch()
    chosen = ClusterSettings(
        name="demo",
        provider="minikube",
        vote_port=1,
        result_port=65535,
        kubeconfig=tmp_path / "theirs",
        minikube_driver="kvm2",
        minikube_args=("--memory=6g", "two words"),
    )
    chosen.remember("minikube")
    assert settings.read({"name": "demo"}, {}) == chosen
    chosen.forget()
    assert settings.read({"name": "demo"}, {}) == ClusterSettings(name="demo")
    chosen.forget()


def test_another_provider_than_remembered() -> None:
    """A running cluster cannot come from another provider: the message says to end it first."""
    ClusterSettings().remember("embedded")
    with pytest.raises(
        UserError, match=r"cluster ballotbox: comes from embedded, but minikube is asked for; `./nox -s down"
    ):
        settings.read({"cluster": "minikube"}, {})
    assert settings.read({"cluster": "minikube", "name": "other"}, {}).provider == "minikube"


@pytest.mark.parametrize("stored", ["{", "[]"])
def test_damaged_record(stored: str) -> None:
    """A damaged record is an error that names the file and how to mend it."""
    ClusterSettings().remember("embedded")
    settings.record("ballotbox").write_text(stored)
    with pytest.raises(UserError, match=r"cluster\.json: .*; remove it, and `up` writes it anew"):
        settings.read({}, {})


def test_remembered_file_is_gone(tmp_path: Path) -> None:
    """A kubeconfig that has vanished since `up` is named as such."""
    (tmp_path / "theirs").touch()
    ClusterSettings(kubeconfig=tmp_path / "theirs").remember("external")
    (tmp_path / "theirs").unlink()
    with pytest.raises(UserError, match=r"kubeconfig of the last `up`: .*theirs is no file"):
        settings.read({}, {})


def test_record_is_private() -> None:
    """Only the person may look into a cluster's state."""
    ClusterSettings().remember("embedded")
    assert ClusterSettings().state.stat().st_mode & 0o777 == 0o700
    assert json.loads(settings.record("ballotbox").read_text())["vote_port"] == "8080"


@pytest.mark.parametrize("name", ["demo", "a1", "a-b", "a" * 30])
def test_name(name: str) -> None:
    """A name is a DNS label of 2 to 30 characters."""
    assert settings.read({"name": name}, {}).name == name


@pytest.mark.parametrize(
    "name", ["", "a", "a" * 31, "Demo", "-a", "a-", "a_b", "a.b", "a/b", "../x", "a b", "ä1", "a\n"]
)
def test_bad_name(name: str) -> None:
    """Anything else is refused, before it becomes a path, an interface or a cgroup."""
    with pytest.raises(UserError, match=r"--name: .* is no cluster name; it takes 2 to 30 of a-z, 0-9"):
        settings.read({"name": name}, {})


@pytest.mark.parametrize("port", ["0", "65536", "-1", "80a", " 80", "8_0", "8.0", "٨٠", ""])
def test_bad_port(port: str) -> None:
    """A port is a number from 1 to 65535 in plain digits."""
    with pytest.raises(UserError, match=r"--vote-port: .* is no port; it takes a number from 1 to 65535"):
        settings.read({"vote_port": port}, {})


def test_variable_is_named_in_its_error() -> None:
    """The message names where the value came from."""
    with pytest.raises(UserError, match=r"^BALLOTBOX_RESULT_PORT: 'x' is no port"):
        settings.read({}, {"BALLOTBOX_RESULT_PORT": "x"})


def test_one_port_for_both_pages() -> None:
    """Each page needs a port of its own."""
    with pytest.raises(UserError, match="--vote-port and --result-port are both 8081"):
        settings.read({"vote_port": "8081"}, {})


def test_unknown_provider() -> None:
    """An unknown provider is refused with the known ones."""
    with pytest.raises(
        UserError, match="BALLOTBOX_CLUSTER: no provider is called 'kind'; choose one of embedded, minikube, ext"
    ):
        settings.read({}, {"BALLOTBOX_CLUSTER": "kind"})


def test_external_needs_kubeconfig(tmp_path: Path) -> None:
    """An external cluster is only ever the one whose kubeconfig was given."""
    with pytest.raises(UserError, match="--cluster external needs --kubeconfig FILE"):
        settings.read({"cluster": "external"}, {"KUBECONFIG": str(tmp_path)})
    with pytest.raises(UserError, match=r"--kubeconfig: .*missing is no file"):
        settings.read({"cluster": "external", "kubeconfig": str(tmp_path / "missing")}, {})
    (tmp_path / "theirs").touch()
    chosen = settings.read({"cluster": "external", "kubeconfig": str(tmp_path / "theirs")}, {})
    assert chosen.kubeconfig == tmp_path / "theirs"


def test_minikube() -> None:
    """Minikube's further arguments are split as a shell would, but by no shell."""
    assert settings.read({"minikube_args": "--a='b c' $HOME"}, {}).minikube_args == ("--a=b c", "$HOME")
    with pytest.raises(UserError, match=r"--minikube-args: .* cannot be split into words"):
        settings.read({"minikube_args": "'"}, {})
    with pytest.raises(UserError, match=r"--minikube-driver: .* is no driver's name"):
        settings.read({"minikube_driver": "--x"}, {})


def test_command_line() -> None:
    """Every setting is an option whose help names its variable."""
    parser = argparse.ArgumentParser()
    settings.add_options(parser)
    arguments = parser.parse_args(["--cluster", "embedded", "--name=demo", "--vote-port", "81"])
    assert settings.from_arguments(arguments, {}) == ClusterSettings(name="demo", provider="embedded", vote_port=81)
    assert settings.from_arguments(argparse.Namespace(), {}) == ClusterSettings()
    assert parser.format_help().count("[environment:") == 7
