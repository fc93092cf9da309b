"""NetworkPolicy v1 as data: selectors, peers, ports, rules, policies; and the pods, addresses and flows they judge.

The meaning of every field: https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/
"""

from __future__ import annotations

import enum
import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.located import Place

Ip = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Protocol = Literal["TCP", "UDP", "SCTP"]
PROTOCOLS: tuple[Protocol, ...] = ("TCP", "UDP", "SCTP")
Operator = Literal["In", "NotIn", "Exists", "DoesNotExist"]
OPERATORS: tuple[Operator, ...] = ("In", "NotIn", "Exists", "DoesNotExist")
MAX_PORT = 65535
NAME_LABEL = "kubernetes.io/metadata.name"


class Direction(enum.Enum):
    """The side of a connection that a policy judges, as `policyTypes` spells it."""

    INGRESS = "Ingress"
    EGRESS = "Egress"


@dataclass(frozen=True)
class Requirement:
    """One condition on a label; `NotIn` also holds where the key is absent."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Tell whether the labels meet the condition."""
        match self.operator:
            case "In":
                return self.key in labels and labels[self.key] in self.values
            case "NotIn":
                return self.key not in labels or labels[self.key] not in self.values
            case "Exists":
                return self.key in labels
            case "DoesNotExist":
                return self.key not in labels

    def __str__(self) -> str:
        if self.operator == "In" and len(self.values) == 1:
            return f"{self.key}={self.values[0]}"
        return f"{self.key} {self.operator}" + (f" ({', '.join(self.values)})" if self.values else "")


@dataclass(frozen=True)
class Selector:
    """Conditions that must all hold; none at all selects everything."""

    requirements: tuple[Requirement, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Tell whether the labels meet every condition."""
        return all(requirement.holds(labels) for requirement in self.requirements)

    def __str__(self) -> str:
        return ", ".join(map(str, self.requirements)) or "everything"


@dataclass(frozen=True)
class IpBlock:
    """A range of addresses without some of its parts."""

    cidr: Network
    excepts: tuple[Network, ...] = ()

    def contains(self, ip: Ip) -> bool:
        """Tell whether the address is in the range and in none of the exceptions."""
        return ip in self.cidr and not any(ip in hole for hole in self.excepts)


@dataclass(frozen=True)
class Peer:
    """Who may be at the other end: an address block, or pods by namespace and label.

    Pods without namespaces means the policy's own namespace; namespaces without pods means all of their pods.
    """

    place: Place = field(compare=False)
    pods: Selector | None = None
    namespaces: Selector | None = None
    block: IpBlock | None = None


@dataclass(frozen=True)
class Port:
    """A port, a range of ports, a named port of the destination pod, or, without `port`, all ports of the protocol."""

    place: Place = field(compare=False)
    protocol: Protocol = "TCP"
    port: int | str | None = None
    end: int | None = None


@dataclass(frozen=True)
class Rule:
    """What one entry of `ingress` or `egress` allows: no peers means everybody, no ports means every port."""

    place: Place = field(compare=False)
    peers: tuple[Peer, ...] = ()
    ports: tuple[Port, ...] = ()


@dataclass(frozen=True)
class Policy:
    """One NetworkPolicy; `types` has its defaults filled in, as the API server does."""

    place: Place = field(compare=False)
    namespace: str
    name: str
    selector: Selector
    types: frozenset[Direction]
    ingress: tuple[Rule, ...] = ()
    egress: tuple[Rule, ...] = ()

    def rules(self, direction: Direction) -> tuple[Rule, ...]:
        """Return the rules of one direction."""
        return self.ingress if direction is Direction.INGRESS else self.egress

    @property
    def key(self) -> str:
        """Namespace and name."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True)
class NamedPort:
    """A container's port that has a name."""

    name: str
    port: int
    protocol: Protocol = "TCP"


@dataclass(frozen=True, eq=False)
class Pod:
    """A pod, real or possible. Two pods with the same labels are still two: they compare by identity.

    Attributes:
        name: How it is shown.
        namespace: Its namespace.
        labels: Its labels.
        namespace_labels: Its namespace's labels, `kubernetes.io/metadata.name` included.
        ip: Its address, which an `ipBlock` may match; without one no block does.
        named_ports: The ports that a policy may name.
        node: The node it runs on.
        host_network: Whether it uses its node's network; then no policy selects it, and it is its node to others.
    """

    name: str
    namespace: str
    labels: Mapping[str, str]
    namespace_labels: Mapping[str, str]
    ip: Ip | None = None
    named_ports: tuple[NamedPort, ...] = ()
    node: str = "node"
    host_network: bool = False


@dataclass(frozen=True, eq=False)
class Address:
    """An address that is no pod's: a node, the API server, the Internet.

    Attributes:
        name: How it is shown.
        ip: The address.
        node: The node it belongs to, if it is a node's.
    """

    name: str
    ip: Ip
    node: str | None = None


Endpoint = Pod | Address


@dataclass(frozen=True)
class Flow:
    """Source, destination, port and protocol. The port is the one behind any Service: that is what a policy sees."""

    source: Endpoint
    destination: Endpoint
    port: int
    protocol: Protocol = "TCP"

    def __str__(self) -> str:
        return f"{self.source.name} -> {self.destination.name} {self.port}/{self.protocol}"
