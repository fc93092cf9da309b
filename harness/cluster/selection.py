"""Chooses the provider: what was asked for, else what this machine can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.doctor import checks, facts
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.cluster.manager import Manager
    from harness.doctor.facts import Facts
    from harness.settings import ClusterSettings


def select(settings: ClusterSettings) -> Manager:
    """Return the cluster of these settings; nothing is started.

    Raises:
        UserError: No provider was asked for, and none can work here.
    """

    def look() -> Facts:
        return facts.gather((settings.vote_port, settings.result_port))

    name = choose(settings, look)
    # Each provider is imported only when it is the one: the others may need what this machine has not.
    if name == "minikube":
        from harness.cluster.minikube import MinikubeManager  # noqa: PLC0415

        driver = settings.minikube_driver or checks.minikube_driver(look())
        return MinikubeManager(settings, driver=driver or "docker")
    if name == "external":
        from harness.cluster.external import ExternalManager  # noqa: PLC0415

        return ExternalManager(settings)
    from harness.cluster.embedded.manager import EmbeddedManager  # noqa: PLC0415

    return EmbeddedManager(settings)


def choose(settings: ClusterSettings, look: Callable[[], Facts]) -> str:
    """Return the provider's name: the chosen one, else Minikube if it works, else embedded on Linux as root.

    Args:
        settings: The cluster's settings.
        look: Gives the machine's facts; asked only where nothing was chosen.

    Raises:
        UserError: None was chosen and neither works; the message says what to install.
    """
    if settings.provider is not None:
        return settings.provider
    seen = look()
    # Ports, disk and memory do not decide where a cluster comes from: the doctor names them before one is made.
    if "minikube" in seen.programs and (settings.minikube_driver or checks.minikube_driver(seen)):
        return "minikube"
    if seen.system == "Linux" and seen.root:
        return "embedded"
    raise UserError(
        "no cluster can come from this machine: be root on Linux (sudo ./nox …), or install Minikube and Docker, "
        "or give the kubeconfig of a cluster by --cluster external --kubeconfig FILE; `./nox -s doctor` says more"
    )
