"""The verdict of a flow, computed from policies alone: no cluster, no clock, no network.

Semantics: https://kubernetes.io/docs/concepts/services-networking/network-policies/
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.network.model import Direction, Pod

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.network.located import Place
    from harness.network.model import Endpoint, Flow, Peer, Policy, Port, Protocol, Rule

WITHIN_POD = "traffic within a pod never meets a policy"
FROM_ITS_NODE = "a node always reaches its own pods"
NO_POD = "no pod's side: policies judge pods"
HOST_NETWORK = "a pod on its node's network is not judged"


@dataclass(frozen=True)
class Ruling:
    """One side's judgement of a flow.

    Attributes:
        direction: Which side.
        exempt: Why policies have no say on this side, or None.
        isolating: The policies that select this side's pod in this direction; without any, everything passes.
        allowing: The rules that let the flow pass.
    """

    direction: Direction
    exempt: str | None = None
    isolating: tuple[Policy, ...] = ()
    allowing: tuple[Rule, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether this side lets the flow pass."""
        return self.exempt is not None or not self.isolating or bool(self.allowing)

    @property
    def places(self) -> tuple[Place, ...]:
        """Where it is decided: the rules that allow, or else the policies that isolate."""
        return tuple(dict.fromkeys(each.place for each in self.allowing or self.isolating))

    def __str__(self) -> str:
        side = self.direction.value.lower()
        if self.exempt is not None:
            return f"{side}: passes, {self.exempt}"
        if not self.isolating:
            return f"{side}: passes, no policy selects this side"
        if self.allowing:
            owners = {id(rule): policy for policy in self.isolating for rule in policy.rules(self.direction)}
            said = ", ".join(f"{owners[id(rule)].key} at {rule.place}" for rule in self.allowing)
            return f"{side}: allowed by {said}"
        return f"{side}: blocked, none of these allows it: " + ", ".join(
            f"{p.key} at {p.place}" for p in self.isolating
        )


@dataclass(frozen=True)
class Verdict:
    """Whether a flow passes, and what decides it on each side."""

    egress: Ruling
    ingress: Ruling

    @property
    def allowed(self) -> bool:
        """Whether both sides let the flow pass."""
        return self.egress.allowed and self.ingress.allowed

    @property
    def places(self) -> tuple[Place, ...]:
        """The lines that decide: of a blocked flow only the blocking sides'."""
        rulings = [ruling for ruling in (self.egress, self.ingress) if ruling.allowed == self.allowed]
        return tuple(dict.fromkeys(place for ruling in rulings for place in ruling.places))

    def __str__(self) -> str:
        return f"{'allowed' if self.allowed else 'blocked'}; {self.egress}; {self.ingress}"


def verdict(flow: Flow, policies: Iterable[Policy]) -> Verdict:
    """Judge one flow; for many flows of the same policies use one `Evaluator`."""
    return Evaluator(policies).verdict(flow)


class Evaluator:
    """Judges flows under one set of policies.

    It remembers which policies select a pod and which rules a pair of endpoints meets: that makes a matrix cheap.
    """

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies: dict[tuple[str, Direction], list[Policy]] = defaultdict(list)
        for policy in policies:
            for direction in policy.types:
                self._policies[policy.namespace, direction].append(policy)
        self._isolating: dict[tuple[Pod, Direction], tuple[Policy, ...]] = {}
        self._met: dict[tuple[int, str, Endpoint], bool] = {}
        self._rules: dict[tuple[Pod, Direction, Endpoint], tuple[Rule, ...]] = {}

    def verdict(self, flow: Flow) -> Verdict:
        """Judge one flow."""
        return Verdict(
            egress=self._ruling(flow, Direction.EGRESS, flow.source, flow.destination),
            ingress=self._ruling(flow, Direction.INGRESS, flow.destination, flow.source),
        )

    def exempt(self, direction: Direction, subject: Endpoint, other: Endpoint) -> str | None:
        """Say why no policy has a say on `subject`'s side of a connection with `other`, or None if they have."""
        if subject is other:
            return WITHIN_POD
        if not isinstance(subject, Pod):
            return NO_POD
        if subject.host_network:
            return HOST_NETWORK
        # The other way round, a pod to its node, is judged: policy engines apply egress rules to it.
        if direction is Direction.INGRESS and _node_of_host(other) == subject.node:
            return FROM_ITS_NODE
        return None

    def isolating(self, pod: Pod, direction: Direction) -> tuple[Policy, ...]:
        """Return the policies that select the pod in this direction."""
        key = (pod, direction)
        found = self._isolating.get(key)
        if found is None:
            candidates = self._policies.get((pod.namespace, direction), ())
            found = tuple(policy for policy in candidates if policy.selector.matches(pod.labels))
            self._isolating[key] = found
        return found

    def rules_met(self, direction: Direction, pod: Pod, other: Endpoint) -> tuple[Rule, ...]:
        """Return the rules of the pod's policies whose peers include `other`, whatever the port."""
        key = (pod, direction, other)
        found = self._rules.get(key)
        if found is None:
            found = tuple(
                rule
                for policy in self.isolating(pod, direction)
                for rule in policy.rules(direction)
                if self._peers_include(rule, policy.namespace, other)
            )
            self._rules[key] = found
        return found

    def _ruling(self, flow: Flow, direction: Direction, subject: Endpoint, other: Endpoint) -> Ruling:
        exempt = self.exempt(direction, subject, other)
        if exempt is not None or not isinstance(subject, Pod):
            return Ruling(direction, exempt)
        isolating = self.isolating(subject, direction)
        if not isolating:
            return Ruling(direction)
        allowing = tuple(
            rule
            for rule in self.rules_met(direction, subject, other)
            if ports_include(rule.ports, flow.protocol, flow.port, flow.destination)
        )
        return Ruling(direction, None, isolating, allowing)

    def _peers_include(self, rule: Rule, namespace: str, other: Endpoint) -> bool:
        if not rule.peers:
            return True
        key = (id(rule), namespace, other)
        met = self._met.get(key)
        if met is None:
            met = self._met[key] = any(peer_includes(peer, namespace, other) for peer in rule.peers)
        return met


def peer_includes(peer: Peer, namespace: str, endpoint: Endpoint) -> bool:
    """Tell whether an endpoint is one of those that a peer of a policy in `namespace` means."""
    if peer.block is not None:
        return endpoint.ip is not None and peer.block.contains(endpoint.ip)
    if not isinstance(endpoint, Pod) or endpoint.host_network:
        return False
    if peer.namespaces is None:
        if endpoint.namespace != namespace:
            return False
    elif not peer.namespaces.matches(endpoint.namespace_labels):
        return False
    return peer.pods is None or peer.pods.matches(endpoint.labels)


def ports_include(ports: tuple[Port, ...], protocol: Protocol, port: int, destination: Endpoint) -> bool:
    """Tell whether a rule's ports include this one; names are the destination pod's."""
    return not ports or any(_port_includes(each, protocol, port, destination) for each in ports)


def _port_includes(wanted: Port, protocol: Protocol, port: int, destination: Endpoint) -> bool:
    if wanted.protocol != protocol:
        return False
    if wanted.port is None:
        return True
    if isinstance(wanted.port, str):
        named = destination.named_ports if isinstance(destination, Pod) else ()
        return any((n.name, n.port, n.protocol) == (wanted.port, port, protocol) for n in named)
    return wanted.port <= port <= (wanted.port if wanted.end is None else wanted.end)


def _node_of_host(endpoint: Endpoint) -> str | None:
    """Return the node whose own network the endpoint uses, or None."""
    if isinstance(endpoint, Pod):
        return endpoint.node if endpoint.host_network else None
    return endpoint.node
