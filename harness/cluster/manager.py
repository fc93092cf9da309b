"""What all providers share: pytest-kubernetes' protocol, with its defects mended.

pytest-kubernetes' own base class discards the environment it builds, changes the argument lists it is given, joins
arguments for a shell, forces a prefix onto names and sleeps whole seconds. Here every program runs by
`harness.process` (a list of arguments, a real environment) and every wait is one of `harness.waiting`.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, overload

from pytest_kubernetes.portforwarding import PortForwarding
from pytest_kubernetes.providers.base import AClusterManager

from harness import process, programs
from harness.errors import UserError
from harness.waiting import Seen, WaitError, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pytest_kubernetes.options import ClusterOptions

    from harness.images import ImageSet
    from harness.settings import ClusterSettings

NAMESPACE = "ballotbox"
OLDEST_KUBERNETES = (1, 28)
KUBECTL_TIMEOUT_S = 60
READY_TIMEOUT_S = 180
_ANSWER_TIMEOUT_S = 10  # one look at a server that may not be there yet


@dataclass(frozen=True)
class Endpoints:
    """The addresses that a browser on this machine opens."""

    vote_url: str
    result_url: str


class _Forwarding(PortForwarding):
    """pytest-kubernetes' port forwarding with a given kubectl, not with the first on PATH."""

    def __init__(self, program: Path, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._program = program

    @property
    def _exec_path(self) -> Path:
        return self._program


class Manager(AClusterManager):
    """A cluster of one provider.

    Args:
        settings: What was chosen of the cluster.
        kubectl: The kubectl to use, or None for the provider's choice.
    """

    provider: ClassVar[str]

    def __init__(self, settings: ClusterSettings, *, kubectl: Path | None = None) -> None:
        self.settings = settings
        self._kubectl = kubectl
        super().__init__(settings.name)
        self._cluster_options.kubeconfig_path = self.default_kubeconfig()

    # What a provider says of itself.

    @classmethod
    def get_binary_name(cls) -> str:
        """Return the provider's own program, or an empty string where it has none."""
        return ""

    def default_kubeconfig(self) -> Path:
        """Return where the cluster's kubeconfig is, or will be once the cluster is there."""
        return self.settings.state / "kubeconfig"

    def find_kubectl(self) -> Path:
        """Return a kubectl that fits this cluster; by default the pinned one, built where that was not done yet."""
        return programs.path("kubectl")

    @abstractmethod
    def load_images(self, archive: Path) -> None:
        """Load the images of a docker or OCI archive into every node, and make sure that they are there.

        Raises:
            UserError: The file is no such archive, or an image of it did not arrive.
        """

    @abstractmethod
    def endpoints(self) -> Endpoints:
        """Return where a browser on this machine reaches the two pages, opening the way there if need be."""

    def is_running(self) -> bool:
        """Tell whether the cluster is there and answers, without waiting for it."""
        return self.ready(timeout=0)

    def refresh(self, images: ImageSet) -> tuple[str, ...]:  # noqa: ARG002  # for providers that give a cluster its images
        """Bring up to date what the provider itself gave this running cluster, and return one line for each change."""
        return ()

    def outdated(self) -> list[str]:
        """Return the provider's programs that this running cluster has in another build than a new one would."""
        return []

    def kill_container(self, container_id: str) -> None:
        """Kill a container with SIGKILL, as a crash would: without a moment to drain, to flush or to say goodbye.

        Args:
            container_id: As a pod's status has it, e.g. `containerd://0123…`.

        Raises:
            UserError: The provider does not let us into its nodes, or no such container runs.
        """
        raise UserError(
            f"cluster {self.cluster_name}: provider {self.provider} does not let us into its nodes, so nothing can be "
            f"killed there ({container_id}); use --cluster embedded or --cluster minikube"
        )

    def status(self) -> dict[str, dict[str, Any]]:
        """Return what the provider knows of the cluster's components, by name; nothing where they are not its own."""
        return {}

    # How a provider starts and ends; pytest-kubernetes' hooks.

    def _set_cluster_name(self, cluster_name: str | None, provider_config: str | None) -> str:  # noqa: ARG002  # the protocol's
        self._cluster_options.cluster_name = cluster_name
        return self.cluster_name

    def _ensure_executable(self) -> None:
        """Providers say more than "executable not found": `harness.doctor` looks before a cluster is made."""

    def _get_exec_env(self) -> dict[str, str]:
        """Return the variables that the provider's program gets besides this process's own."""
        return {}

    def _exec(  # type: ignore[override]  # the original gives a CompletedProcess of bytes
        self,
        arguments: Sequence[str],
        additional_env: Mapping[str, str] | None = None,
        timeout: int | None = None,
        *,
        check: bool = True,
    ) -> process.Completed:
        return process.run(
            [self.get_binary_name(), *arguments],
            env={**self._get_exec_env(), **(additional_env or {})},
            timeout_s=timeout or self._cluster_options.cluster_timeout,
            check=check,
        )

    # The interface.

    @property
    def kubeconfig(self) -> Path:
        """The cluster's kubeconfig; it exists once the cluster does."""
        return Path(self._cluster_options.kubeconfig_path or self.default_kubeconfig())

    def kubectl_argv(self, *arguments: str) -> list[str]:
        """Return the argument vector of a kubectl command against this cluster.

        Raises:
            UserError: The cluster has no kubeconfig, so it is not there.
        """
        if not self.kubeconfig.is_file():
            raise UserError(f"cluster {self.cluster_name}: not there (no {self.kubeconfig}); `./nox -s up` makes it")
        if self._kubectl is None:
            self._kubectl = self.find_kubectl()
        return [str(self._kubectl), "--kubeconfig", str(self.kubeconfig), *arguments]

    @overload
    def kubectl(
        self, args: Sequence[str], as_dict: Literal[True] = True, timeout: int = ..., *, stdin: str | None = None
    ) -> dict[str, Any]: ...
    @overload
    def kubectl(
        self, args: Sequence[str], as_dict: Literal[False], timeout: int = ..., *, stdin: str | None = None
    ) -> str: ...
    @overload
    def kubectl(
        self, args: Sequence[str], as_dict: bool = ..., timeout: int = ..., *, stdin: str | None = None
    ) -> dict[str, Any] | str: ...
    def kubectl(
        self, args: Sequence[str], as_dict: bool = True, timeout: int = KUBECTL_TIMEOUT_S, *, stdin: str | None = None
    ) -> dict[str, Any] | str:
        """Run kubectl against this cluster.

        Args:
            args: The arguments, one word each; the list is left as it was.
            as_dict: Ask for JSON and return it parsed; else return the text.
            timeout: Seconds after which kubectl is killed.
            stdin: Text for kubectl's standard input.

        Raises:
            ProcessError: kubectl failed; the message has its words.
        """
        output = ["-o", "json"] if as_dict else []
        said = process.run(self.kubectl_argv(*args, *output), stdin=stdin, timeout_s=timeout).stdout
        if not as_dict:
            return said
        parsed = json.loads(said)
        if not isinstance(parsed, dict):
            raise UserError(f"kubectl {' '.join(args)}: expected a JSON object, found {type(parsed).__name__}")
        return parsed

    def apply(self, input: Path | dict[str, Any]) -> None:  # noqa: A002  # the protocol's name
        """Apply a manifest file, a folder (by kustomize where it has a kustomization), or one object."""
        if isinstance(input, dict):
            self.kubectl(["apply", "-f", "-"], as_dict=False, stdin=json.dumps(input))
            return
        by = "-k" if (input / "kustomization.yaml").is_file() else "-f"
        self.kubectl(["apply", by, str(input)], as_dict=False)

    def wait(self, name: str, waitfor: str, timeout: int = 90, namespace: str = "default") -> None:
        """Wait until an object is there and meets a condition.

        Args:
            name: The object, as `kind/name`.
            waitfor: What `kubectl wait --for` takes, e.g. `condition=Ready` or `delete`.
            timeout: Seconds to wait at most.
            namespace: The object's namespace.

        Raises:
            WaitError: The time was up; the message has kubectl's last words.
        """
        # kubectl's own watch for a second at a time: it does not wait for objects that are not there yet.
        command = ["wait", name, f"--for={waitfor}", "--timeout=1s", f"--namespace={namespace}"]
        self._poll(f"{name} in namespace {namespace}: {waitfor}", command, lambda _: True, timeout)

    def ready(self, timeout: int = READY_TIMEOUT_S) -> bool:
        """Tell whether the API server is ready and gives pods their service account, waiting for it if need be."""
        try:
            self.wait_ready(timeout)
        except WaitError:
            return False
        return True

    def wait_ready(self, timeout_s: float = READY_TIMEOUT_S) -> None:
        """Wait until `ready` is true.

        Raises:
            WaitError: The time was up; the message has what the server said last.
        """
        self._poll("the API server", ["get", "--raw=/readyz"], lambda said: said.strip() == "ok", timeout_s)
        account = ["get", "serviceaccount", "default", "--namespace=default", "-o", "name"]
        self._poll("the default service account", account, lambda said: said.strip() != "", timeout_s)

    def logs(self, pod: str, container: str | None = None, namespace: str | None = None) -> str:
        """Return what a pod wrote: all its containers, or one."""
        which = ["--all-containers"] if container is None else [f"--container={container}"]
        where = [] if namespace is None else [f"--namespace={namespace}"]
        return self.kubectl(["logs", pod, *which, *where], as_dict=False)

    def version(self) -> tuple[int, int]:
        """Return the server's Kubernetes version, major and minor."""
        server = self.kubectl(["version"])["serverVersion"]
        # Some distributions say "37+" for a minor version with patches of theirs.
        return int(server["major"]), int(server["minor"].rstrip("+"))

    def port_forwarding(
        self, target: str, source_port: int, target_port: int, namespace: str = "default", timeout: int = 90
    ) -> PortForwarding:
        """Return a context in which a local port leads to a pod or Service, by this cluster's kubectl."""
        program = Path(self.kubectl_argv()[0])
        return _Forwarding(
            program, target, (source_port, target_port), namespace, self.kubeconfig, self.context, timeout
        )

    def load_image(self, image: str) -> None:
        """Load the images of an archive: the protocol's name for `load_images`."""
        self.load_images(Path(image))

    def create(
        self, cluster_options: ClusterOptions | None = None, timeout: int = READY_TIMEOUT_S, **kwargs: Any
    ) -> None:
        """Create this cluster, unless it is there already; either way it is ready then.

        Raises:
            UserError: The provider could not; the message says why.
        """
        if cluster_options is not None:
            self._cluster_options = self._cluster_options | cluster_options
        self._created = not self.ready(timeout=0)
        if self._created:
            # Before and after: `down` must find what a failed start left, and a provider may clear the state first.
            self.settings.remember(self.provider)
            self._on_create(self._cluster_options, **kwargs)
            self.wait_ready(timeout)
        self.settings.remember(self.provider)

    def delete(self) -> None:
        """Delete this cluster and its state, unless `create` found it there: then it is left alone."""
        if self._created:
            self._on_delete()
            self.settings.forget()

    def _poll(self, what: str, command: Sequence[str], good: Callable[[str], bool], timeout_s: float) -> None:
        def look() -> Seen:
            try:
                argv = self.kubectl_argv(*command)
            except UserError as error:
                return Seen(done=False, state=str(error))
            try:
                said = process.run(argv, timeout_s=_ANSWER_TIMEOUT_S, check=False)
            except process.ProcessError as error:
                return Seen(done=False, state=str(error))
            words = (said.stdout if said.exit_code == 0 else said.stderr or said.stdout).strip()
            return Seen(said.exit_code == 0 and good(said.stdout), " | ".join(words.splitlines()) or "nothing")

        wait_for(what, look, timeout_s=timeout_s)
