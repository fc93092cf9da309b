"""The few Kubernetes calls that the network checks make: objects as plain JSON, and commands in containers."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from kubernetes import client, config
from kubernetes.client.exceptions import ApiException
from kubernetes.stream import stream
from kubernetes.stream.ws_client import WebSocketConnectionClosedException  # type: ignore[attr-defined]

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

    @contextlib.contextmanager
    def session(self, namespace: str, pod: str, container: str, argv: Sequence[str]) -> Iterator[Session]:
        """Run a command in a container for as long as the context lasts.

        Raises:
            ApiError: The command could not be started.
        """
        where = f"exec in {namespace}/{pod}, container {container}"
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
            raise ApiError(f"{where}: {error.reason}", error.status or 0) from None
        try:
            yield Session(where, opened)
        finally:
            opened.close()


class Session:
    """A command that runs in a container, line by line."""

    def __init__(self, where: str, opened: Any) -> None:
        self._where = where
        self._opened = opened

    def write_line(self, line: str) -> None:
        """Send one line to its standard input.

        Raises:
            ApiError: The connection broke.
        """
        try:
            self._opened.write_stdin(line + "\n")
        except (OSError, WebSocketConnectionClosedException) as error:
            raise ApiError(f"{self._where}: the connection broke: {error}", 0) from None

    def read_line(self, timeout_s: float) -> str:
        """Return the next line of its standard output.

        Raises:
            ApiError: There was none in time, the command ended, or the connection broke; with what it said last.
        """
        try:
            line: str = self._opened.readline_stdout(timeout=timeout_s)
            said = "" if line else str(self._opened.read_stderr()).strip()
        except (OSError, WebSocketConnectionClosedException) as error:
            raise ApiError(f"{self._where}: the connection broke: {error}", 0) from None
        if not line:
            raise ApiError(
                f"{self._where}: expected a line within {timeout_s:g} s, found none: {said or 'it said nothing'}", 0
            )
        return line


def _api_error(method: str, path: str, status: int, body: object) -> ApiError:
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    try:
        said = str(json.loads(text).get("message", text))
    except (ValueError, AttributeError):
        said = text
    return ApiError(f"API server: {method} {path}: {status or 'no answer'}: {' '.join(said.split())}", status)
