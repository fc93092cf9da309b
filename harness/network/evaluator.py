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

    from harness.located import Place
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

    Every rule is a bit of a number. Which rules a pod's policies have, which mean an endpoint and which have a port is
    worked out once each; what allows a flow is then the bits that all three share. That makes a matrix cheap.
    """

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies: dict[tuple[str, Direction], list[tuple[Policy, int]]] = defaultdict(list)
        self._all_rules: list[Rule] = []
        self._everybody = 0
        self._peers: dict[tuple[str, Peer], int] = defaultdict(int)
        for policy in policies:
            for direction in policy.types:
                self._policies[policy.namespace, direction].append((policy, self._index(policy, direction)))
        self._selected: dict[tuple[Pod, Direction], tuple[tuple[Policy, ...], int]] = {}
        self._meaning: dict[Endpoint, int] = {}
        self._having: dict[tuple[Endpoint, Protocol, int], int] = {}
        self._having_named: dict[tuple[Protocol, int, object], int] = {}
        self._of_bits: dict[int, tuple[Rule, ...]] = {}
        self._rulings: dict[tuple[Endpoint | None, Direction, object], Ruling] = {}

    def verdict(self, flow: Flow) -> Verdict:
        """Judge one flow."""
        return Verdict(
            self._ruling(flow, Direction.EGRESS, flow.source, flow.destination),
            self._ruling(flow, Direction.INGRESS, flow.destination, flow.source),
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
        return self._selecting(pod, direction)[0]

    def rules_met(self, direction: Direction, pod: Pod, other: Endpoint) -> tuple[Rule, ...]:
        """Return the rules of the pod's policies whose peers include `other`, whatever the port."""
        return self._rules(self._selecting(pod, direction)[1] & self._bits_meaning(other))

    def _index(self, policy: Policy, direction: Direction) -> int:
        """Give each rule of a policy its bit, and return all of them."""
        bits = 0
        for rule in policy.rules(direction):
            bit = 1 << len(self._all_rules)
            self._all_rules.append(rule)
            bits |= bit
            if not rule.peers:
                self._everybody |= bit
            for peer in rule.peers:
                # Only a peer that names no namespace depends on whose policy it is.
                own = "" if peer.block is not None or peer.namespaces is not None else policy.namespace
                self._peers[own, peer] |= bit
        return bits

    def _selecting(self, pod: Pod, direction: Direction) -> tuple[tuple[Policy, ...], int]:
        """Return the policies that select the pod, and the bits of their rules."""
        found = self._selected.get((pod, direction))
        if found is None:
            candidates = self._policies.get((pod.namespace, direction), ())
            selecting = [(policy, bits) for policy, bits in candidates if policy.selector.matches(pod.labels)]
            bits = sum(bits for _, bits in selecting)  # no two have a bit in common
            found = self._selected[pod, direction] = (tuple(policy for policy, _ in selecting), bits)
        return found

    def _bits_meaning(self, endpoint: Endpoint) -> int:
        """Return the rules whose peers include the endpoint."""
        bits = self._meaning.get(endpoint)
        if bits is None:
            bits = self._everybody
            for (namespace, peer), having in self._peers.items():
                if peer_includes(peer, namespace, endpoint):
                    bits |= having
            self._meaning[endpoint] = bits
        return bits

    def _bits_having(self, destination: Endpoint, protocol: Protocol, port: int) -> int:
        """Return the rules whose ports include this one."""
        bits = self._having.get((destination, protocol, port))
        if bits is None:
            names = destination.named_ports if isinstance(destination, Pod) else ()
            bits = self._having_named.get((protocol, port, names))
            if bits is None:
                bits = 0
                for index, rule in enumerate(self._all_rules):
                    if ports_include(rule.ports, protocol, port, destination):
                        bits |= 1 << index
                self._having_named[protocol, port, names] = bits
            self._having[destination, protocol, port] = bits
        return bits

    def _rules(self, bits: int) -> tuple[Rule, ...]:
        found = self._of_bits.get(bits)
        if found is None:
            found = tuple(rule for index, rule in enumerate(self._all_rules) if bits >> index & 1)
            self._of_bits[bits] = found
        return found

    def _ruling(self, flow: Flow, direction: Direction, subject: Endpoint, other: Endpoint) -> Ruling:
        exempt = self.exempt(direction, subject, other)
        if exempt is not None or not isinstance(subject, Pod):
            return self._remembered(None, direction, exempt)
        own = self._selecting(subject, direction)[1]
        bits = own and own & self._bits_meaning(other)
        bits = bits and bits & self._bits_having(flow.destination, flow.protocol, flow.port)
        return self._remembered(subject, direction, bits)

    def _remembered(self, subject: Pod | None, direction: Direction, key: str | int | None) -> Ruling:
        """Return the ruling of an exemption or of the rules that allow; one object serves all flows that share it."""
        ruling = self._rulings.get((subject, direction, key))
        if ruling is None:
            if subject is None or not isinstance(key, int):
                ruling = Ruling(direction, str(key))
            else:
                ruling = Ruling(direction, None, self.isolating(subject, direction), self._rules(key))
            self._rulings[subject, direction, key] = ruling
        return ruling


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
