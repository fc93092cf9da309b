"""The few Kubernetes calls that the network checks make: objects as plain JSON, and commands in containers."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream

from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

STRATEGIC_MERGE = "application/strategic-merge-patch+json"
NOT_FOUND = 404
CONFLICT = 409
_REQUEST_TIMEOUT_S = 30


class ApiError(UserError):
    """The API server refused a call, or could not be reached.

    Attributes:
        status: The HTTP status, or 0 if there was no answer.
    """

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Ended:
    """How a command in a container ended."""

    exit_code: int
    stdout: str
    stderr: str


class Api:
    """One connection to a cluster. For use by one thread: every thread takes its own by `again`."""

    def __init__(self, kubeconfig: Path) -> None:
        self._configuration = client.Configuration()
        try:
            config.load_kube_config(  # type: ignore[no-untyped-call]
                config_file=str(kubeconfig), client_configuration=self._configuration
            )
        except config.ConfigException as error:
            raise UserError(f"{kubeconfig}: expected a kubeconfig, found {error}; bring the cluster up first") from None
        self._client = client.ApiClient(self._configuration)

    def again(self) -> Api:
        """Return another connection to the same cluster."""
        other = object.__new__(Api)
        other._configuration = self._configuration
        other._client = client.ApiClient(self._configuration)
        return other

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        query: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        """Make one call and return the object that comes back.

        Raises:
            ApiError: The call failed.
        """
        headers = {"Accept": "application/json"} | ({"Content-Type": content_type} if body is not None else {})
        try:
            request = self._client.param_serialize(
                method,
                path,
                query_params=list((query or {}).items()),
                header_params=headers,
                body=body,
                auth_settings=["BearerToken"],
            )
            response = self._client.call_api(*request, _request_timeout=_REQUEST_TIMEOUT_S)
            data = response.read()  # type: ignore[no-untyped-call]
        except ApiException as error:
            raise _api_error(method, path, error.status or 0, error.body or error.reason) from None
        except OSError as error:
            raise _api_error(method, path, 0, str(error)) from None
        if not 200 <= response.status < 300:  # noqa: PLR2004 - the range of success
            raise _api_error(method, path, response.status, data)
        answer: dict[str, Any] = json.loads(data)
        return answer

    def get(self, path: str) -> dict[str, Any] | None:
        """Return an object, or None if there is none."""
        try:
            return self.call("GET", path)
        except ApiError as error:
            if error.status == NOT_FOUND:
                return None
            raise

    def items(self, path: str, selector: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
        """Return the objects of a list whose labels match."""
        labels = ",".join(f"{key}={value}" for key, value in (selector or {}).items())
        items: list[dict[str, Any]] = self.call("GET", path, query={"labelSelector": labels} if labels else None)[
            "items"
        ]
        return items

    def create(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Create an object; one that is there already stays as it is."""
        try:
            return self.call("POST", path, body)
        except ApiError as error:
            if error.status == CONFLICT:
                return body
            raise

    def delete(self, path: str, grace_s: int | None = None) -> None:
        """Delete an object; one that is gone already is no error."""
        try:
            self.call("DELETE", path, query={"gracePeriodSeconds": str(grace_s)} if grace_s is not None else None)
        except ApiError as error:
            if error.status != NOT_FOUND:
                raise

    def log(self, namespace: str, pod: str) -> str:
        """Return what a pod's only container wrote."""
        text: str = client.CoreV1Api(self._client).read_namespaced_pod_log(pod, namespace)
        return text

    def run(
        self, namespace: str, pod: str, container: str, argv: Sequence[str], *, stdin: str, timeout_s: float
    ) -> Ended:
        """Run a command in a container, feed it one text and wait for its end.

        Raises:
            ApiError: The command could not be started, or did not end in time.
        """
        with self.session(namespace, pod, container, argv) as session:
            session.write_stdin(stdin)
            session.run_forever(timeout=timeout_s)
            if session.is_open():
                raise ApiError(f"exec in {namespace}/{pod}, container {container}: no end after {timeout_s:g} s", 0)
            stdout, stderr = session.read_stdout(), session.read_stderr()
            return Ended(_exit_code(session.read_channel(_ERROR_CHANNEL)), stdout, stderr)

    @contextlib.contextmanager
    def session(self, namespace: str, pod: str, container: str, argv: Sequence[str]) -> Iterator[Any]:
        """Run a command in a container for as long as the context lasts; its streams are the client library's.

        Raises:
            ApiError: The command could not be started.
        """
        try:
            opened = stream(
                client.CoreV1Api(self._client).connect_get_namespaced_pod_exec,
                pod,
                namespace,
                container=container,
                command=list(argv),
                stdin=True,
                stdout=True,
                stderr=True,
                tty=False,
                _preload_content=False,
            )
        except ApiException as error:
            raise ApiError(
                f"exec in {namespace}/{pod}, container {container}: {error.reason}", error.status or 0
            ) from None
        try:
            yield opened
        finally:
            opened.close()


_ERROR_CHANNEL = 3


def _exit_code(status: str) -> int:
    """Read the status that the kubelet sends when a command ends."""
    said = json.loads(status) if status else {}
    if said.get("status") == "Success":
        return 0
    causes = (said.get("details") or {}).get("causes") or []
    codes = [int(cause["message"]) for cause in causes if cause.get("reason") == "ExitCode"]
    return codes[0] if codes else -1


def _api_error(method: str, path: str, status: int, body: object) -> ApiError:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    try:
        said = str(json.loads(text).get("message", text))
    except (ValueError, AttributeError):
        said = text
    return ApiError(f"API server: {method} {path}: {status or 'no answer'}: {' '.join(said.split())}", status)
