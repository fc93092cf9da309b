"""The cluster's certificate authorities and a certificate for every component.

Subjects and usages: https://kubernetes.io/docs/setup/best-practices/certificates/
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from harness.cluster.embedded import layout as at
from harness.cluster.embedded import private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

# A cluster of this kind lives for hours; a year is the shortest that nobody meets.
_VALID = dt.timedelta(days=365)
_CLOCK_SKEW = dt.timedelta(minutes=5)
CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
SERVER = ExtendedKeyUsageOID.SERVER_AUTH


@dataclass(frozen=True)
class Subject:
    """Whom a certificate names and what it may be used for.

    Attributes:
        file: The base name of its .crt and .key.
        authority: The base name of the authority that signs it.
        common_name: The user's name to Kubernetes.
        groups: The user's groups to Kubernetes.
        usages: Client, server, or both.
        hosts: DNS names and IP addresses a server answers for.
    """

    file: str
    authority: str
    common_name: str
    groups: tuple[str, ...] = ()
    usages: tuple[x509.ObjectIdentifier, ...] = (CLIENT,)
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Authority:
    """A certificate authority: its key and its self-signed certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


AUTHORITIES = ("ca", "etcd-ca", "front-proxy-ca")


def subjects(node_name: str) -> tuple[Subject, ...]:
    """List every certificate of a cluster whose node has this name."""
    api_hosts = (
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        f"kubernetes.default.svc.{at.CLUSTER_DOMAIN}",
        "localhost",
        "127.0.0.1",
        at.NODE_IP,
        at.KUBERNETES_SERVICE_IP,
    )
    return (
        Subject("etcd", "etcd-ca", "etcd", usages=(SERVER, CLIENT), hosts=("localhost", "127.0.0.1")),
        Subject("etcd-client", "etcd-ca", "kube-apiserver"),
        Subject("apiserver", "ca", "kube-apiserver", usages=(SERVER,), hosts=api_hosts),
        Subject("apiserver-kubelet", "ca", "kube-apiserver-kubelet-client"),
        Subject("front-proxy", "front-proxy-ca", "front-proxy-client"),
        Subject("kubelet-server", "ca", node_name, usages=(SERVER,), hosts=(node_name, at.NODE_IP)),
        Subject("controller-manager", "ca", "system:kube-controller-manager"),
        Subject("scheduler", "ca", "system:kube-scheduler"),
        Subject("kubelet", "ca", f"system:node:{node_name}", groups=("system:nodes",)),
        Subject("kube-proxy", "ca", "system:kube-proxy"),
        Subject("felix", "ca", "calico-felix"),
        Subject("cni", "ca", "calico-cni"),
        Subject("local-path-provisioner", "ca", "local-path-provisioner"),
        # Only the bootstrap uses this one: it is what grants the group below its rights.
        Subject("bootstrap", "ca", "ballotbox:bootstrap", groups=("system:masters",)),
        Subject("admin", "ca", "ballotbox:admin", groups=("ballotbox:cluster-admins",)),
    )


def write(folder: Path, node_name: str) -> None:
    """Make all authorities and certificates, and the key that signs service account tokens, as PEM files.

    Args:
        folder: Gets NAME.crt and NAME.key, and `service-account.key` and `.pub`, all mode 0600.
        node_name: The node's name in Kubernetes.
    """
    private.folder(folder)
    authorities = {name: make_authority(f"ballotbox-{name}") for name in AUTHORITIES}
    for name, authority in authorities.items():
        _write_pair(folder, name, authority.key, authority.certificate)
    for subject in subjects(node_name):
        key = ec.generate_private_key(ec.SECP256R1())
        _write_pair(folder, subject.file, key, issue(subject, key, authorities[subject.authority]))
    service_account = ec.generate_private_key(ec.SECP256R1())
    private.write(folder / "service-account.key", _pem(service_account))
    public = service_account.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    private.write(folder / "service-account.pub", public)


def make_authority(common_name: str) -> Authority:
    """Make a self-signed certificate authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(common_name, ())
    certificate = (
        _builder(name, name, key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def issue(subject: Subject, key: ec.EllipticCurvePrivateKey, authority: Authority) -> x509.Certificate:
    """Sign a certificate for a subject's key."""
    builder = (
        _builder(_name(subject.common_name, subject.groups), authority.certificate.subject, key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(subject.usages), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    if subject.hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(_general_names(subject.hosts)), critical=False)
    return builder.sign(authority.key, hashes.SHA256())


def _builder(name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str, groups: Iterable[str]) -> x509.Name:
    return x509.Name(
        [
            *(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _general_names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    names: list[x509.GeneralName] = []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    return names


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    # kube-controller-manager reads elliptic-curve keys in either form; "traditional" is what every Go parser takes.
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def _write_pair(folder: Path, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    private.write(folder / f"{name}.key", _pem(key))
    private.write(folder / f"{name}.crt", certificate.public_bytes(serialization.Encoding.PEM))
