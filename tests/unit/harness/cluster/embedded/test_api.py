"""Asking an API server: a real HTTPS server with the cluster's own certificates."""

from __future__ import annotations

import json
import ssl
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from harness.cluster.embedded import pki
from harness.cluster.embedded.api import Api, NotServedError, path_of
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class Server:
    """An API server that answers as a test tells it to."""

    port: int
    pki: Path
    answer: tuple[int, bytes] = (200, b"{}")
    asked: list[tuple[str, str, bytes, str | None, str]] = field(default_factory=list)

    def api(self, subject: str | None = "bootstrap") -> Api:
        """Return a client."""
        return Api("127.0.0.1", self.port, self.pki, subject)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cluster's certificates."""
    folder = tmp_path_factory.mktemp("pki")
    pki.write(folder, "demo-node")
    return folder


@pytest.fixture
def server(certificates: Path) -> Iterator[Server]:
    """A server of the cluster, which asks for a certificate and takes none for an answer, too."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            certificate = self.connection.getpeercert()
            who = dict(pair[0] for pair in certificate["subject"])["commonName"] if certificate else ""
            made.asked.append((self.command, self.path, body, self.headers.get("Content-Type"), who))
            status, said = made.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_PATCH = answer  # noqa: N815  # the standard library's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "apiserver.crt", certificates / "apiserver.key")
    context.load_verify_locations(certificates / "ca.crt")
    context.verify_mode = ssl.CERT_OPTIONAL
    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    made = Server(listener.server_address[1], certificates)
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield made
    listener.shutdown()
    thread.join()
    listener.server_close()


OBJECT = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one", "namespace": "ns"}, "data": {"a": "b"}}


class TestReady:
    """`Api.ready`."""

    def test_ready(self, server: Server) -> None:
        """A server that says so is ready, and whoever has no certificate may ask."""
        assert server.api(None).ready()
        assert server.asked == [("GET", "/readyz", b"", None, "")]

    def test_not_ready(self, server: Server) -> None:
        """A server that says it is not, is not."""
        server.answer = (500, b"[-]etcd failed")
        assert not server.api(None).ready()

    def test_nobody_there(self, certificates: Path) -> None:
        """Where nobody listens, nobody is ready."""
        assert not Api("127.0.0.1", 1, certificates).ready()

    def test_another_clusters_server(self, server: Server, tmp_path: Path) -> None:
        """A server that another cluster's authority vouches for is not taken for this one's."""
        pki.write(tmp_path, "demo-node")
        assert not Api("127.0.0.1", server.port, tmp_path).ready()

    def test_no_proxy(self, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        """A person's proxy is not asked."""
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
        assert server.api(None).ready()


class TestGet:
    """`Api.get`."""

    def test_object(self, server: Server) -> None:
        """An object is given parsed, to the subject of the certificate."""
        server.answer = (200, b'{"kind": "Node"}')
        assert server.api().get("/api/v1/nodes/a") == {"kind": "Node"}
        assert server.asked[0][4] == "ballotbox:bootstrap"

    def test_absent(self, server: Server) -> None:
        """An object that is not there is none."""
        server.answer = (404, b"{}")
        assert server.api().get("/api/v1/nodes/a") is None

    def test_refused(self, server: Server) -> None:
        """A refusal has the server's words, or its status where it has none."""
        server.answer = (403, json.dumps({"message": "nodes is forbidden"}).encode())
        with pytest.raises(UserError, match="/api/v1/nodes/a: the API server refused it: nodes is forbidden"):
            server.api().get("/api/v1/nodes/a")
        server.answer = (502, b"<html>")
        with pytest.raises(UserError, match="HTTP status 502"):
            server.api().get("/api/v1/nodes/a")

    def test_no_answer(self, certificates: Path) -> None:
        """A server that does not answer is named."""
        with pytest.raises(UserError, match=r"the API server at 127\.0\.0\.1:1: .*refused"):
            Api("127.0.0.1", 1, certificates, "bootstrap").get("/readyz")


class TestApply:
    """`Api.apply`."""

    @pytest.mark.parametrize("status", [200, 201])
    def test_applies(self, server: Server, status: int) -> None:
        """The whole object goes to its path, by server-side apply."""
        server.answer = (status, b"{}")
        server.api().apply(OBJECT)
        method, path, body, kind, _ = server.asked[0]
        assert (method, kind) == ("PATCH", "application/apply-patch+yaml")
        assert path == "/api/v1/namespaces/ns/configmaps/one?fieldManager=ballotbox-addons&force=true"
        assert json.loads(body) == OBJECT

    def test_unknown_kind_is_another_error(self, server: Server) -> None:
        """A kind that is not served may be in a moment; any other refusal is final."""
        server.answer = (404, b'{"message": "the server could not find the requested resource"}')
        with pytest.raises(NotServedError, match="ConfigMap one: the API server refused it: the server could not"):
            server.api().apply(OBJECT)
        server.answer = (422, b'{"message": "invalid"}')
        with pytest.raises(UserError, match="ConfigMap one: the API server refused it: invalid") as caught:
            server.api().apply(OBJECT)
        assert not isinstance(caught.value, NotServedError)


@pytest.mark.parametrize(
    ("version", "kind", "namespace", "path"),
    [
        ("v1", "Namespace", None, "/api/v1/namespaces/x"),
        ("apps/v1", "Deployment", "ns", "/apis/apps/v1/namespaces/ns/deployments/x"),
        ("storage.k8s.io/v1", "StorageClass", None, "/apis/storage.k8s.io/v1/storageclasses/x"),
        ("crd.projectcalico.org/v1", "IPPool", None, "/apis/crd.projectcalico.org/v1/ippools/x"),
    ],
)
def test_path_of(version: str, kind: str, namespace: str | None, path: str) -> None:
    """An object's path is of its group, version, namespace, kind and name."""
    metadata = {"name": "x"} | ({"namespace": namespace} if namespace else {})
    assert path_of({"apiVersion": version, "kind": kind, "metadata": metadata}) == path
