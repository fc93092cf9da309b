"""Kubeconfigs: who, where, and for whose eyes."""

from __future__ import annotations

import base64
import stat
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from cryptography import x509
from cryptography.x509.oid import NameOID

from harness.cluster.embedded import kubeconfig, pki
from harness.cluster.embedded.layout import Layout

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    """A cluster with certificates and kubeconfigs."""
    made = Layout("demo", tmp_path_factory.mktemp("state"), 6001, 8080, 8081)
    pki.write(made.pki, made.node_name)
    kubeconfig.write_all(made)
    return made


def read(path: Path) -> dict[str, Any]:
    """Read a kubeconfig."""
    return dict(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("name", [*kubeconfig.IN_THE_BOX, "bootstrap"])
def test_each_is_its_subjects(layout: Layout, name: str) -> None:
    """A component's kubeconfig holds its own certificate and key, and this cluster's authority."""
    made = read(layout.kubeconfigs / name)
    user = made["users"][0]["user"]
    assert base64.b64decode(user["client-key-data"]) == (layout.pki / f"{name}.key").read_bytes()
    assert base64.b64decode(user["client-certificate-data"]) == (layout.pki / f"{name}.crt").read_bytes()
    authority = made["clusters"][0]["cluster"]["certificate-authority-data"]
    assert base64.b64decode(authority) == (layout.pki / "ca.crt").read_bytes()


def test_components_stay_in_the_box(layout: Layout) -> None:
    """A component speaks to the API server in its box; people and the bootstrap by way of the loopback port."""
    servers = {
        name: read(layout.kubeconfigs / name)["clusters"][0]["cluster"]["server"]
        for name in (*kubeconfig.IN_THE_BOX, "bootstrap")
    }
    assert servers.pop("bootstrap") == "https://127.0.0.1:6001"
    assert set(servers.values()) == {"https://192.168.77.2:6443"}
    assert read(layout.admin_kubeconfig)["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6001"


def test_people_are_not_the_bootstrap(layout: Layout) -> None:
    """The kubeconfig for people is of a group that a role binding can take its rights from."""
    encoded = read(layout.admin_kubeconfig)["users"][0]["user"]["client-certificate-data"]
    subject = x509.load_pem_x509_certificate(base64.b64decode(encoded)).subject
    groups = [entry.value for entry in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    assert groups == ["ballotbox:cluster-admins"]


def test_one_context_that_is_current(layout: Layout) -> None:
    """Every kubeconfig works without a choice."""
    made = read(layout.admin_kubeconfig)
    assert [context["name"] for context in made["contexts"]] == [made["current-context"]] == ["demo"]


def test_all_are_private(layout: Layout) -> None:
    """Nobody but the owner reads a kubeconfig, or lists them."""
    files = [*layout.kubeconfigs.iterdir(), layout.admin_kubeconfig]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(layout.kubeconfigs.stat().st_mode) == 0o700
