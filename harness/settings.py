"""Settings of a cluster: the one place that reads them, from options, environment, and what an earlier `up` chose."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import paths
from harness.errors import UserError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

PROVIDERS = ("embedded", "minikube", "external")
DEFAULT_NAME = "ballotbox"
_NAME_MAX = 30  # network interfaces, cgroups and Minikube profiles are named after the cluster
# RFC 1123; Minikube wants two characters at least.
_DNS_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])")
_PORT_MIN, _PORT_MAX = 1, 65535


@dataclass(frozen=True, kw_only=True)
class ClusterSettings:
    """What a person may choose of a cluster.

    Attributes:
        name: The cluster's name, a DNS label of 2 to 30 characters.
        provider: Where the cluster comes from, or None where the machine decides.
        vote_port: The port on localhost that leads to the vote page.
        result_port: The port on localhost that leads to the result page.
        kubeconfig: The kubeconfig of an `external` cluster.
        minikube_driver: Minikube's driver, or None for the first that works.
        minikube_args: More arguments of `minikube start`.
    """

    name: str = DEFAULT_NAME
    provider: str | None = None
    vote_port: int = 8080
    result_port: int = 8081
    kubeconfig: Path | None = None
    minikube_driver: str | None = None
    minikube_args: tuple[str, ...] = ()

    @property
    def state(self) -> Path:
        """The folder of this cluster's state."""
        return paths.state_dir(self.name)

    def remember(self, provider: str) -> None:
        """Keep what was chosen, so that later commands need no options: they mean the same cluster."""
        self.state.mkdir(parents=True, exist_ok=True, mode=0o700)
        chosen = {
            "cluster": provider,
            "vote_port": str(self.vote_port),
            "result_port": str(self.result_port),
            "kubeconfig": None if self.kubeconfig is None else str(self.kubeconfig),
            "minikube_driver": self.minikube_driver,
            "minikube_args": shlex.join(self.minikube_args) or None,
        }
        record(self.name).write_text(
            json.dumps({key: value for key, value in chosen.items() if value}, indent=2) + "\n"
        )

    def forget(self) -> None:
        """Remove the cluster's state folder and with it what `remember` kept."""
        if self.state.is_dir():
            shutil.rmtree(self.state)


def record(name: str) -> Path:
    """Return the file that keeps what an earlier `up` chose."""
    return paths.state_dir(name) / "cluster.json"


@dataclass(frozen=True)
class _Option:
    """One setting: `--flag`, its variable, how it is parsed, and what --help says."""

    flag: str
    metavar: str
    parse: Callable[[str, str], Any]
    help: str

    @property
    def key(self) -> str:
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def variable(self) -> str:
        return f"BALLOTBOX_{self.key.upper()}"


def _provider(value: str, where: str) -> str:
    if value not in PROVIDERS:
        raise UserError(f"{where}: no provider is called {value!r}; choose one of {', '.join(PROVIDERS)}")
    return value


def _name(value: str, where: str) -> str:
    if not _DNS_LABEL.fullmatch(value) or len(value) > _NAME_MAX:
        raise UserError(
            f"{where}: {value!r} is no cluster name; it takes 2 to {_NAME_MAX} of a-z, 0-9, '-', no '-' at an end"
        )
    return value


def _port(value: str, where: str) -> int:
    # int() would also take "8_080", " 8080" and other scripts' digits.
    if not (value.isascii() and value.isdigit() and _PORT_MIN <= int(value) <= _PORT_MAX):
        raise UserError(f"{where}: {value!r} is no port; it takes a number from {_PORT_MIN} to {_PORT_MAX}")
    return int(value)


def _file(value: str, where: str) -> Path:
    file = Path(value).expanduser()
    if not file.is_file():
        raise UserError(f"{where}: {value} is no file; it takes the path of a kubeconfig")
    return file.resolve()


def _word(value: str, where: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", value):
        raise UserError(f"{where}: {value!r} is no driver's name; `minikube start --help` lists them")
    return value


def _words(value: str, where: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(value))
    except ValueError as error:
        raise UserError(f"{where}: {value!r} cannot be split into words ({error}); quote it as for a shell") from None


_OPTIONS = (
    _Option("--cluster", "PROVIDER", _provider, f"where the cluster comes from: {', '.join(PROVIDERS)}"),
    _Option("--name", "NAME", _name, f"the cluster's name (default {DEFAULT_NAME})"),
    _Option("--vote-port", "PORT", _port, "the vote page's port on localhost (default 8080)"),
    _Option("--result-port", "PORT", _port, "the result page's port on localhost (default 8081)"),
    _Option("--kubeconfig", "FILE", _file, "the kubeconfig of an external cluster"),
    _Option("--minikube-driver", "DRIVER", _word, "Minikube's driver (default: the first that works)"),
    _Option("--minikube-args", "ARGS", _words, "more arguments of `minikube start`, in one string"),
)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Give a command the options that choose a cluster."""
    group = parser.add_argument_group("cluster")
    for option in _OPTIONS:
        group.add_argument(
            option.flag, dest=option.key, metavar=option.metavar, help=f"{option.help} [environment: {option.variable}]"
        )


def from_arguments(
    arguments: argparse.Namespace, environment: Mapping[str, str], *, recall: bool = True
) -> ClusterSettings:
    """Read the settings of a command that `add_options` gave its options; see `read`."""
    given = {option.key: getattr(arguments, option.key, None) for option in _OPTIONS}
    return read(given, environment, recall=recall)


def read(options: Mapping[str, str | None], environment: Mapping[str, str], *, recall: bool = True) -> ClusterSettings:
    """Read a cluster's settings: an option wins over its variable, that over what `up` chose, that over the default.

    Args:
        options: By name without dashes (`vote_port`); None is an option that was not given.
        environment: The process's variables; an empty one counts as not set.
        recall: Whether what `up` chose counts.

    Raises:
        UserError: A value does not parse, the two ports are one, `external` has no kubeconfig, or a running cluster of
            this name comes from another provider.
    """
    known = {option.key: option for option in _OPTIONS}
    name = _value(known["name"], options, environment, {}) or DEFAULT_NAME
    remembered = _remembered(name) if recall else {}
    values = {key: _value(option, options, environment, remembered) for key, option in known.items()}
    if "cluster" in remembered and values["cluster"] != remembered["cluster"]:
        raise UserError(
            f"cluster {name}: comes from {remembered['cluster']}, but {values['cluster']} is asked for; "
            f"`./nox -s down -- --name {name}` first, or choose another --name"
        )
    values["provider"] = values.pop("cluster")
    settings = ClusterSettings(**{key: value for key, value in values.items() if value is not None})
    if settings.vote_port == settings.result_port:
        raise UserError(f"--vote-port and --result-port are both {settings.vote_port}; each page needs its own")
    if settings.provider == "external" and settings.kubeconfig is None:
        raise UserError("--cluster external needs --kubeconfig FILE (or BALLOTBOX_KUBECONFIG): which cluster is meant?")
    return settings


def _value(
    option: _Option, options: Mapping[str, str | None], environment: Mapping[str, str], remembered: Mapping[str, str]
) -> Any:
    given = options.get(option.key)
    if given is not None:
        return option.parse(given, option.flag)
    if environment.get(option.variable):
        return option.parse(environment[option.variable], option.variable)
    if option.key in remembered:
        return option.parse(remembered[option.key], f"{option.key} of the last `up`")
    return None


def _remembered(name: str) -> dict[str, str]:
    file = record(name)
    try:
        stored = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    except json.JSONDecodeError as error:
        raise UserError(f"{file}: not JSON ({error}); remove it, and `up` writes it anew") from None
    if not isinstance(stored, dict):
        raise UserError(f"{file}: expected a table, found {type(stored).__name__}; remove it, and `up` writes it anew")
    return {key: value for key, value in stored.items() if isinstance(value, str)}
