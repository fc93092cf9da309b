"""Asks the API server of one embedded cluster, without starting a program for each question.

`up` asks often while the machine is busy starting everything: kubectl would take what the API server needs.
"""

from __future__ import annotations

import http.client
import json
import ssl
from typing import TYPE_CHECKING, Any

from harness.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

FIELD_MANAGER = "ballotbox-addons"
_READY_TIMEOUT_S = 0.5
_TIMEOUT_S = 30.0


class NotServedError(UserError):
    """The API server does not know the object's kind, or its namespace; it may in a moment."""


class Api:
    """One API server as one subject; never by way of a proxy.

    Args:
        address: Where it listens.
        port: The port there.
        pki: The folder of the cluster's certificates.
        subject: Whose certificate to show; none can ask whether the server is ready and nothing else.
    """

    def __init__(self, address: str, port: int, pki: Path, subject: str | None = None) -> None:
        self._context = ssl.create_default_context(cafile=pki / "ca.crt")
        if subject is not None:
            self._context.load_cert_chain(pki / f"{subject}.crt", pki / f"{subject}.key")
        self._server = address, port

    def ready(self) -> bool:
        """Tell whether the server answers that it is ready."""
        try:
            status, _ = self._ask("GET", "/readyz", timeout_s=_READY_TIMEOUT_S)
        except (OSError, http.client.HTTPException):  # not listening yet, or half an answer of one that ends
            return False
        return status == http.client.OK

    def get(self, path: str) -> dict[str, Any] | None:
        """Return an object, or none where there is none.

        Raises:
            UserError: The server refused, or did not answer.
        """
        status, said = self._say("GET", path)
        if status == http.client.NOT_FOUND:
            return None
        if status != http.client.OK:
            raise UserError(f"{path}: the API server refused it: {_words(status, said)}")
        return dict(json.loads(said))

    def apply(self, wanted: dict[str, Any]) -> None:
        """Make an object what it should be.

        https://kubernetes.io/docs/reference/using-api/server-side-apply/

        Raises:
            NotServedError: The server does not know its kind, or has not its namespace.
            UserError: The server refused it, or did not answer.
        """
        path = f"{path_of(wanted)}?fieldManager={FIELD_MANAGER}&force=true"
        status, said = self._say("PATCH", path, json.dumps(wanted))
        if status in {http.client.OK, http.client.CREATED}:
            return
        error = NotServedError if status == http.client.NOT_FOUND else UserError
        name = wanted["metadata"]["name"]
        raise error(f"{wanted['kind']} {name}: the API server refused it: {_words(status, said)}")

    def _say(self, method: str, path: str, body: str | None = None) -> tuple[int, bytes]:
        try:
            return self._ask(method, path, body, timeout_s=_TIMEOUT_S)
        except (OSError, http.client.HTTPException) as error:
            address, port = self._server
            raise UserError(f"the API server at {address}:{port}: {str(error) or type(error).__name__}") from None

    def _ask(self, method: str, path: str, body: str | None = None, *, timeout_s: float) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(*self._server, timeout=timeout_s, context=self._context)
        try:
            connection.request(method, path, body, {"Content-Type": "application/apply-patch+yaml"} if body else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def path_of(wanted: dict[str, Any]) -> str:
    """Return the path of an object: of its group, version, namespace, kind and name."""
    version, metadata = wanted["apiVersion"], wanted["metadata"]
    kind = wanted["kind"].lower()
    plural = f"{kind}es" if kind.endswith("s") else f"{kind}s"
    namespace = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"/{'apis' if '/' in version else 'api'}/{version}{namespace}/{plural}/{metadata['name']}"


def _words(status: int, said: bytes) -> str:
    try:
        return str(json.loads(said)["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP status {status}"
