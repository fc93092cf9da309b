"""The cluster's authorities and certificates."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.cluster.embedded import pki

if TYPE_CHECKING:
    from pathlib import Path

NODE = "demo-node"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything `write` makes."""
    made = tmp_path_factory.mktemp("pki")
    pki.write(made, NODE)
    return made


def certificate(folder: Path, name: str) -> x509.Certificate:
    """Read one certificate."""
    return x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())


def names(subject: x509.Name, attribute: x509.ObjectIdentifier) -> list[str]:
    """Return an attribute's values."""
    return [str(entry.value) for entry in subject.get_attributes_for_oid(attribute)]


@pytest.mark.parametrize("subject", pki.subjects(NODE), ids=lambda subject: subject.file)
class TestEveryCertificate:
    """What holds for each certificate of a cluster."""

    def test_signed_by_its_authority_alone(self, folder: Path, subject: pki.Subject) -> None:
        """Its own authority verifies it, and no other does."""
        for authority in pki.AUTHORITIES:
            issuer = certificate(folder, authority)
            if authority == subject.authority:
                certificate(folder, subject.file).verify_directly_issued_by(issuer)
            else:
                with pytest.raises(ValueError, match="does not match"):
                    certificate(folder, subject.file).verify_directly_issued_by(issuer)

    def test_says_who_and_what_for(self, folder: Path, subject: pki.Subject) -> None:
        """User, groups and usages are those Kubernetes authorises by, and no others."""
        made = certificate(folder, subject.file)
        assert names(made.subject, NameOID.COMMON_NAME) == [subject.common_name]
        assert names(made.subject, NameOID.ORGANIZATION_NAME) == list(subject.groups)
        assert tuple(made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == subject.usages

    def test_is_no_authority(self, folder: Path, subject: pki.Subject) -> None:
        """It cannot sign others."""
        made = certificate(folder, subject.file)
        assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca

    def test_key_is_private(self, folder: Path, subject: pki.Subject) -> None:
        """Only its owner reads the key."""
        assert stat.S_IMODE((folder / f"{subject.file}.key").stat().st_mode) == 0o600


def test_api_server_answers_for_loopback_and_service(folder: Path) -> None:
    """The API server's certificate names every address it is reached by."""
    hosts = certificate(folder, "apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(address) for address in hosts.get_values_for_type(x509.IPAddress)} == {
        "127.0.0.1",
        "192.168.77.2",
        "10.96.0.1",
    }
    assert "kubernetes.default.svc" in hosts.get_values_for_type(x509.DNSName)


def test_only_the_bootstrap_is_a_master() -> None:
    """No component but the bootstrap bypasses authorisation."""
    masters = [subject.file for subject in pki.subjects(NODE) if "system:masters" in subject.groups]
    assert masters == ["bootstrap"]


def test_kubelet_is_this_node(folder: Path) -> None:
    """The Node authoriser knows kubelet by its node's name."""
    made = certificate(folder, "kubelet").subject
    assert names(made, NameOID.COMMON_NAME) == [f"system:node:{NODE}"]
    assert names(made, NameOID.ORGANIZATION_NAME) == ["system:nodes"]


def test_two_clusters_trust_different_keys(folder: Path, tmp_path: Path) -> None:
    """Another cluster's authority does not verify this one's certificates."""
    pki.write(tmp_path, NODE)
    with pytest.raises(InvalidSignature):
        certificate(folder, "admin").verify_directly_issued_by(certificate(tmp_path, "ca"))


def test_issue_keeps_the_subjects_key() -> None:
    """A certificate is for the key it was asked for."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = pki.issue(pki.Subject("x", "ca", "x"), key, pki.make_authority("a"))
    assert made.public_key() == key.public_key()
