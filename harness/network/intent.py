"""The intent table: endpoints, and the flows that should be allowed. Everything not listed should be blocked."""

from __future__ import annotations

import enum
import ipaddress
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from harness.network.model import MAX_PORT, PROTOCOLS, Address, Pod, Selector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.located import Place
    from harness.network.model import Endpoint, Ip, Network, Protocol


class Kind(enum.Enum):
    """What an endpoint of the table is; docs/network.md describes each."""

    WORKLOAD = "workload"  # pods that the manifests declare
    SYSTEM = "system"  # pods that the cluster brings
    SCRATCH = "scratch"  # a pod that exists only while the paths are tried
    NODE = "node"  # the node; it is tried from by a pod on its network
    ADDRESS = "address"  # an address outside the pods
    PODS = "pods"  # a class of pods, for `allowed` only
    OUTSIDERS = "outsiders"  # every address of a range that is no pod's, for `allowed` only


CLASSES = frozenset({Kind.PODS, Kind.OUTSIDERS})
POD_KINDS = frozenset({Kind.WORKLOAD, Kind.SYSTEM, Kind.SCRATCH, Kind.PODS})
SOURCES = frozenset({Kind.WORKLOAD, Kind.SCRATCH, Kind.NODE})


@dataclass(frozen=True, order=True)
class PortSpec:
    """A port and its protocol, written as 8080/TCP."""

    port: int
    protocol: Protocol = "TCP"

    def __str__(self) -> str:
        return f"{self.port}/{self.protocol}"


@dataclass(frozen=True)
class ServiceSpec:
    """A Service that leads to an endpoint, written as `db.ballotbox:5432 -> 5432/TCP`."""

    name: str
    namespace: str
    port: int
    target: PortSpec

    def __str__(self) -> str:
        return f"{self.name}.{self.namespace}:{self.port}"


@dataclass(frozen=True)
class EndpointSpec:
    """One row or column of the table.

    Attributes:
        name: Its name in the table.
        kind: What it is.
        place: Where it stands.
        namespace: Its pods' namespace, of the kinds that are pods.
        labels: Its pods' labels; the pods that have them all are meant.
        ip: Its address, of the kinds that have one.
        cidr: Its addresses, of the kind that is a range.
        listens: The ports that something answers on. A workload's come from the manifests when none are given.
        closed: Ports that nothing answers on, to be tried as well.
        services: Services that lead to it.
    """

    name: str
    kind: Kind
    place: Place
    namespace: str = ""
    labels: Mapping[str, str] | None = None
    selector: Selector = field(default_factory=Selector)
    ip: Ip | None = None
    cidr: Network | None = None
    listens: tuple[PortSpec, ...] = ()
    closed: tuple[PortSpec, ...] = ()
    services: tuple[ServiceSpec, ...] = ()

    def includes(self, endpoint: Endpoint) -> bool:
        """Tell whether an endpoint, real or possible, is one of those meant."""
        if self.kind in POD_KINDS:
            return (
                isinstance(endpoint, Pod)
                and not endpoint.host_network
                and endpoint.namespace == self.namespace
                and self.selector.matches(endpoint.labels)
            )
        if self.kind is Kind.OUTSIDERS:
            is_pod = isinstance(endpoint, Pod) and not endpoint.host_network
            return not is_pod and endpoint.ip is not None and self.cidr is not None and endpoint.ip in self.cidr
        if isinstance(endpoint, Pod) and not endpoint.host_network:
            return False
        if self.kind is Kind.NODE and isinstance(endpoint, Address) and endpoint.node is not None:
            return True
        return endpoint.ip == self.ip


@dataclass(frozen=True)
class Allowed:
    """One entry of the table: every source may reach every destination on these ports, for this reason."""

    sources: tuple[str, ...]
    destinations: tuple[str, ...]
    ports: tuple[PortSpec, ...] | None
    reason: str
    place: Place

    def has_port(self, port: int, protocol: Protocol) -> bool:
        """Tell whether the entry is about this port; without ports it is about every one."""
        return self.ports is None or any(p.port == port and p.protocol == protocol for p in self.ports)


@dataclass(frozen=True)
class Intent:
    """The whole table.

    Attributes:
        governed: The namespaces whose pods it speaks of; a flow that touches none of them is nobody's promise.
        pod_cidr: The addresses of pods.
        endpoints: Rows and columns, by name.
        allowed: What should pass.
    """

    governed: tuple[str, ...]
    pod_cidr: Network
    endpoints: Mapping[str, EndpointSpec]
    allowed: tuple[Allowed, ...]
    file: str

    def governs(self, endpoint: Endpoint) -> bool:
        """Tell whether the table speaks of this endpoint."""
        return isinstance(endpoint, Pod) and not endpoint.host_network and endpoint.namespace in self.governed

    def entry(self, source: Endpoint, destination: Endpoint, port: int, protocol: Protocol) -> Allowed | None:
        """Return the entry that allows a flow, or None: it should be blocked."""
        for allowed in self.allowed:
            if (
                allowed.has_port(port, protocol)
                and any(self.endpoints[name].includes(source) for name in allowed.sources)
                and any(self.endpoints[name].includes(destination) for name in allowed.destinations)
            ):
                return allowed
        return None

    def entries(self, source: Endpoint, destination: Endpoint) -> tuple[Allowed, ...]:
        """Return every entry that is about these two endpoints, whatever the port."""
        return tuple(
            allowed
            for allowed in self.allowed
            if any(self.endpoints[name].includes(source) for name in allowed.sources)
            and any(self.endpoints[name].includes(destination) for name in allowed.destinations)
        )


_PORT = re.compile(rf"(\d{{1,5}})/({'|'.join(PROTOCOLS)})")
_SERVICE = re.compile(r"([a-z0-9-]+)\.([a-z0-9-]+):(\d{1,5}) -> (\S+)")


def port_spec(text: str) -> PortSpec | None:
    """Read `8080/TCP`; None if it is not that."""
    match = _PORT.fullmatch(text)
    if match is None or not 1 <= int(match[1]) <= MAX_PORT:
        return None
    return PortSpec(int(match[1]), next(protocol for protocol in PROTOCOLS if protocol == match[2]))


def service_spec(text: str) -> ServiceSpec | None:
    """Read `db.ballotbox:5432 -> 5432/TCP`; None if it is not that."""
    match = _SERVICE.fullmatch(text)
    target = port_spec(match[4]) if match else None
    if match is None or target is None or not 1 <= int(match[3]) <= MAX_PORT:
        return None
    return ServiceSpec(match[1], match[2], int(match[3]), target)


def ip_address(text: object) -> Ip | None:
    """Read an address; None if it is none."""
    try:
        return ipaddress.ip_address(text) if isinstance(text, str) else None
    except ValueError:
        return None
