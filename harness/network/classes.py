"""Cuts all pods, addresses and ports that could exist into finitely many classes that no policy can tell apart inside.

A policy sees of a pod its namespace, labels, address and named ports, and of those only the values that some selector,
block or port mentions. So every pod is like one that has, per mentioned key, a mentioned value, a fresh value or none.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.network.evaluator import peer_includes
from harness.network.intent import POD_KINDS, Kind
from harness.network.model import (
    MAX_PORT,
    NAME_LABEL,
    PROTOCOLS,
    Address,
    Direction,
    NamedPort,
    Pod,
    Selector,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from harness.network.intent import Intent
    from harness.network.model import Endpoint, Ip, Network, Peer, Policy, Port, Protocol, Requirement, Rule

FRESH = "anything-else"
MAX_COMBINATIONS = 500_000


@dataclass(frozen=True)
class PortClass:
    """A range of ports of one protocol that no policy and no entry of the intent cuts."""

    protocol: Protocol
    first: int
    last: int

    def __str__(self) -> str:
        ports = str(self.first) if self.first == self.last else f"{self.first}-{self.last}"
        return f"{ports}/{self.protocol}"


@dataclass(frozen=True)
class Classes:
    """Every class, each by one that stands for all.

    Attributes:
        endpoints: Pods and addresses. Sources and destinations are distinct objects, as they are distinct pods.
        destinations: The same once more.
        ports: Port classes.
        candidates: How many combinations of values were looked at before like ones were put together.
    """

    endpoints: tuple[Endpoint, ...]
    destinations: tuple[Endpoint, ...]
    ports: tuple[PortClass, ...]
    candidates: int


def classes(policies: Sequence[Policy], intent: Intent, namespaces: Mapping[str, Mapping[str, str]]) -> Classes:
    """Cut the world.

    Args:
        policies: All policies of interest; for a comparison of two sets, both.
        intent: Its selectors, addresses and ports cut as well.
        namespaces: The labels of namespaces that the manifests pin down.

    Raises:
        UserError: The policies mention so many labels that the combinations cannot be walked.
    """
    signature = _signature(policies, intent)
    found: dict[tuple[object, ...], Endpoint] = {}
    candidates = 0
    everybody: tuple[Iterator[Endpoint], ...] = (_addresses(policies, intent), _pods(policies, intent, namespaces))
    for candidate in itertools.chain(*everybody):
        candidates += 1
        if candidates > MAX_COMBINATIONS:
            raise UserError(
                f"universal check: expected at most {MAX_COMBINATIONS} combinations of labels, found more; "
                "let the policies mention fewer label keys"
            )
        found.setdefault(signature(candidate), candidate)
    endpoints = tuple(found.values())
    return Classes(endpoints, tuple(_again(endpoint) for endpoint in endpoints), _ports(policies, intent), candidates)


def _signature(policies: Sequence[Policy], intent: Intent) -> Callable[[Endpoint], tuple[object, ...]]:
    """Return a function that says all that policies and intent see of an endpoint."""
    selecting = dict.fromkeys((policy.namespace, policy.selector) for policy in policies)
    peers: dict[tuple[str, Peer], None] = dict.fromkeys(
        ("" if peer.block is not None else policy.namespace, peer)
        for policy in policies
        for _, rule in _rules(policy)
        for peer in rule.peers
    )

    def signature(endpoint: Endpoint) -> tuple[object, ...]:
        is_pod = isinstance(endpoint, Pod)
        return (
            intent.governs(endpoint),
            endpoint.node if not is_pod else "",
            endpoint.named_ports if isinstance(endpoint, Pod) else (),
            *(
                isinstance(endpoint, Pod) and endpoint.namespace == namespace and selector.matches(endpoint.labels)
                for namespace, selector in selecting
            ),
            *(peer_includes(peer, namespace, endpoint) for namespace, peer in peers),
            *(spec.includes(endpoint) for spec in intent.endpoints.values()),
        )

    return signature


def _pods(policies: Sequence[Policy], intent: Intent, namespaces: Mapping[str, Mapping[str, str]]) -> Iterator[Pod]:
    pod_selectors, namespace_selectors = _selectors(policies, intent)
    label_sets = list(_label_sets(pod_selectors))
    names = dict.fromkeys(
        [
            *intent.governed,
            *(policy.namespace for policy in policies),
            *(spec.namespace for spec in intent.endpoints.values() if spec.kind in POD_KINDS),
            *(v for s in namespace_selectors for r in s.requirements if r.key == NAME_LABEL for v in r.values),
            FRESH,
        ]
    )
    without_name = [Selector(tuple(r for r in s.requirements if r.key != NAME_LABEL)) for s in namespace_selectors]
    namespace_label_sets = list(_label_sets(without_name))
    port_sets = list(_named_port_sets(policies, intent))
    ips = [first for first, _ in _intervals(policies, intent) if first in intent.pod_cidr]
    for name in names:
        possible = [{**labels, NAME_LABEL: name} for labels in namespace_label_sets]
        namespace_choices = [dict(namespaces[name])] if name in namespaces else possible
        for namespace_labels, labels, ports, ip in itertools.product(namespace_choices, label_sets, port_sets, ips):
            shown = ", ".join(f"{key}={value}" for key, value in sorted(labels.items())) or "without labels"
            yield Pod(f"a pod in {name}, {shown}", name, labels, namespace_labels, ip, ports, node="some-node")


def _addresses(policies: Sequence[Policy], intent: Intent) -> Iterator[Address]:
    nodes = {spec.ip for spec in intent.endpoints.values() if spec.kind is Kind.NODE}
    names = {spec.ip: spec.name for spec in intent.endpoints.values() if spec.ip is not None}
    for first, last in _intervals(policies, intent):
        if first in intent.pod_cidr:
            continue
        shown = names.get(first, f"address {first}" if first == last else f"addresses {first}-{last}")
        yield Address(shown, first, node="some-node" if first in nodes else None)


def _again(endpoint: Endpoint) -> Endpoint:
    if isinstance(endpoint, Address):
        return Address(endpoint.name, endpoint.ip, endpoint.node)
    return Pod(
        endpoint.name,
        endpoint.namespace,
        endpoint.labels,
        endpoint.namespace_labels,
        endpoint.ip,
        endpoint.named_ports,
        endpoint.node,
    )


def _rules(policy: Policy) -> Iterator[tuple[Direction, Rule]]:
    for direction in sorted(policy.types, key=lambda each: each.value):
        for rule in policy.rules(direction):
            yield direction, rule


def _selectors(policies: Sequence[Policy], intent: Intent) -> tuple[list[Selector], list[Selector]]:
    """Return the selectors on pods' and on namespaces' labels."""
    pods = [policy.selector for policy in policies]
    pods += [spec.selector for spec in intent.endpoints.values() if spec.kind in POD_KINDS]
    on_namespaces = []
    for policy in policies:
        for _, rule in _rules(policy):
            for peer in rule.peers:
                if peer.pods is not None:
                    pods.append(peer.pods)
                if peer.namespaces is not None:
                    on_namespaces.append(peer.namespaces)
    return pods, on_namespaces


def _label_sets(selectors: Iterable[Selector]) -> Iterator[dict[str, str]]:
    """Return every combination of: absence, a fresh value, each mentioned value; per mentioned key."""
    mentioned: dict[str, dict[str, None]] = {}
    for requirement in _requirements(selectors):
        mentioned.setdefault(requirement.key, {}).update(dict.fromkeys(requirement.values))
    choices = [[None, FRESH, *values] for values in mentioned.values()]
    for chosen in itertools.product(*choices):
        yield {key: value for key, value in zip(mentioned, chosen, strict=True) if value is not None}


def _requirements(selectors: Iterable[Selector]) -> Iterator[Requirement]:
    for selector in dict.fromkeys(selectors):
        yield from selector.requirements


def _intervals(policies: Sequence[Policy], intent: Intent) -> list[tuple[Ip, Ip]]:
    """Cut the address space at the ends of every mentioned block; return first and last address of each part."""
    networks: list[Network] = [intent.pod_cidr]
    networks += [spec.cidr for spec in intent.endpoints.values() if spec.cidr is not None]
    singles = [spec.ip for spec in intent.endpoints.values() if spec.ip is not None]
    for policy in policies:
        for _, rule in _rules(policy):
            for peer in rule.peers:
                if peer.block is not None:
                    networks += [peer.block.cidr, *peer.block.excepts]
    version, space = intent.pod_cidr.version, 2**intent.pod_cidr.max_prefixlen
    cuts = {0, space}
    for network in networks:
        if network.version == version:
            cuts |= {int(network.network_address), int(network.broadcast_address) + 1}
    for ip in singles:
        if ip.version == version:
            cuts |= {int(ip), int(ip) + 1}
    ends = sorted(cuts)
    make = type(intent.pod_cidr.network_address)
    return [(make(first), make(after - 1)) for first, after in itertools.pairwise(ends)]


def _mentioned_ports(policies: Sequence[Policy]) -> Iterator[Port]:
    for policy in policies:
        for _, rule in _rules(policy):
            yield from rule.ports


def _ports(policies: Sequence[Policy], intent: Intent) -> tuple[PortClass, ...]:
    cuts: dict[Protocol, set[int]] = {protocol: {1, MAX_PORT + 1} for protocol in PROTOCOLS}
    for port in _mentioned_ports(policies):
        if isinstance(port.port, int):
            cuts[port.protocol] |= {port.port, (port.port if port.end is None else port.end) + 1}
    for allowed in intent.allowed:
        for spec in allowed.ports or ():
            cuts[spec.protocol] |= {spec.port, spec.port + 1}
    if any(isinstance(port.port, str) for port in _mentioned_ports(policies)):
        for protocol in PROTOCOLS:
            cuts[protocol] |= {_NAMED_PORT, _NAMED_PORT + 1}
    return tuple(
        PortClass(protocol, first, after - 1)
        for protocol in PROTOCOLS
        for first, after in itertools.pairwise(sorted(cuts[protocol]))
    )


_NAMED_PORT = 61_001  # stands for any number that no policy mentions and that a pod gives one of its ports' names


def _named_port_sets(policies: Sequence[Policy], intent: Intent) -> Iterator[tuple[NamedPort, ...]]:
    """Return what a pod may call by the names that policies mention: nothing, each mentioned number, a fresh one."""
    named = dict.fromkeys((p.port, p.protocol) for p in _mentioned_ports(policies) if isinstance(p.port, str))
    mentioned = {p.port for p in _mentioned_ports(policies) if isinstance(p.port, int)}
    numbers = sorted(mentioned | {spec.port for a in intent.allowed for spec in a.ports or ()} | {_NAMED_PORT})
    choices = [[None, *(NamedPort(str(name), number, protocol) for number in numbers)] for name, protocol in named]
    for chosen in itertools.product(*choices):
        yield tuple(port for port in chosen if port is not None)
