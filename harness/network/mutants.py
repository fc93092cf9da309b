"""Makes mutants of policies: everything deleted once, everything that narrows made wide once."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.network.model import MAX_PORT, Direction, IpBlock, Requirement, Selector

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from harness.located import Place
    from harness.network.model import Peer, Policy, Port, Rule

SOLE = "the only one, so that an empty list is left, which means everything"


@dataclass(frozen=True)
class Mutant:
    """One change to one policy.

    Attributes:
        operator: The kind of change.
        what: What was changed, in words.
        place: Where it stands.
        original: The policy before.
        mutated: The policy after, or None if it was deleted.
    """

    operator: str
    what: str
    place: Place
    original: Policy
    mutated: Policy | None

    def applied(self, policies: Sequence[Policy]) -> tuple[Policy, ...]:
        """Return the policies with this one changed."""
        changed = (self.mutated if policy is self.original else policy for policy in policies)
        return tuple(policy for policy in changed if policy is not None)

    def __str__(self) -> str:
        return f"{self.original.key}: {self.what} ({self.place})"


def mutants(policies: Sequence[Policy]) -> list[Mutant]:
    """Return every mutant; changes that come to the same policy are kept once."""
    found: dict[tuple[str, Policy | None], Mutant] = {}
    for policy in policies:
        for mutant in _of_policy(policy):
            if mutant.mutated != policy:
                found.setdefault((policy.key, mutant.mutated), mutant)
    return list(found.values())


def _of_policy(policy: Policy) -> Iterator[Mutant]:
    yield Mutant("delete policy", "the policy deleted", policy.place, policy, None)
    for what, selector in _wider_selectors(policy.selector, "podSelector"):
        yield Mutant("widen selector", what, policy.place, policy, replace(policy, selector=selector))
    if len(policy.types) > 1:
        for direction in sorted(policy.types, key=lambda each: each.value):
            left = policy.types - {direction}
            yield Mutant(
                "delete policy type",
                f"{direction.value} taken off policyTypes",
                policy.place,
                policy,
                replace(policy, types=left),
            )
    for direction in sorted(policy.types, key=lambda each: each.value):
        rules = policy.rules(direction)
        for index, rule in enumerate(rules):
            name = f"{direction.value.lower()}[{index}]"
            yield Mutant("delete rule", f"{name} deleted", rule.place, policy, _with(policy, direction, index, None))
            for operator, what, place, changed in _of_rule(rule, name):
                yield Mutant(operator, what, place, policy, _with(policy, direction, index, changed))


def _with(policy: Policy, direction: Direction, index: int, rule: Rule | None) -> Policy:
    rules = policy.rules(direction)
    changed = (*rules[:index], *(() if rule is None else (rule,)), *rules[index + 1 :])
    if direction is Direction.INGRESS:
        return replace(policy, ingress=changed)
    return replace(policy, egress=changed)


def _of_rule(rule: Rule, name: str) -> Iterator[tuple[str, str, Place, Rule]]:
    for index, peer in enumerate(rule.peers):
        rest = (*rule.peers[:index], *rule.peers[index + 1 :])
        sole = "" if rest else f", {SOLE}"
        yield "delete peer", f"{name}: peer {index} deleted{sole}", peer.place, replace(rule, peers=rest)
        for what, wider in _wider_peers(peer):
            peers = (*rule.peers[:index], wider, *rule.peers[index + 1 :])
            yield "widen selector", f"{name}: peer {index}: {what}", peer.place, replace(rule, peers=peers)
    for index, port in enumerate(rule.ports):
        left = (*rule.ports[:index], *rule.ports[index + 1 :])
        sole = "" if left else f", {SOLE}"
        yield "delete port", f"{name}: port {index} deleted{sole}", port.place, replace(rule, ports=left)
        for what, wider_port in _wider_ports(port):
            ports = (*rule.ports[:index], wider_port, *rule.ports[index + 1 :])
            yield "widen port", f"{name}: port {index}: {what}", port.place, replace(rule, ports=ports)
    if rule.peers:
        yield (
            "widen selector",
            f"{name}: all peers taken away, which means everybody",
            rule.place,
            replace(rule, peers=()),
        )
    if rule.ports:
        yield "widen port", f"{name}: all ports taken away, which means every port", rule.place, replace(rule, ports=())


def _wider_selectors(selector: Selector, name: str) -> Iterator[tuple[str, Selector]]:
    requirements = selector.requirements
    if requirements:
        yield f"{name} emptied, which selects everything", Selector()
    for index, requirement in enumerate(requirements):
        if len(requirements) > 1:
            yield f"{name}: {requirement} taken away", Selector((*requirements[:index], *requirements[index + 1 :]))
        if requirement.operator == "In":
            wider = Requirement(requirement.key, "Exists")
            yield (
                f"{name}: any value of {requirement.key}",
                Selector((*requirements[:index], wider, *requirements[index + 1 :])),
            )
        if requirement.operator == "NotIn":
            for value in requirement.values if len(requirement.values) > 1 else ():
                fewer = Requirement(requirement.key, "NotIn", tuple(v for v in requirement.values if v != value))
                yield (
                    f"{name}: {value} no longer left out",
                    Selector((*requirements[:index], fewer, *requirements[index + 1 :])),
                )


def _wider_peers(peer: Peer) -> Iterator[tuple[str, Peer]]:
    if peer.pods is not None:
        for what, selector in _wider_selectors(peer.pods, "podSelector"):
            yield what, replace(peer, pods=selector)
    if peer.namespaces is not None:
        for what, selector in _wider_selectors(peer.namespaces, "namespaceSelector"):
            yield what, replace(peer, namespaces=selector)
        if peer.pods is not None:
            yield "namespaceSelector taken away, which means the policy's own namespace", replace(peer, namespaces=None)
    elif peer.pods is not None:
        yield "every namespace instead of the policy's own", replace(peer, namespaces=Selector())
    if peer.block is not None:
        cidr = peer.block.cidr
        if cidr.prefixlen:
            yield "the block twice as large", replace(peer, block=IpBlock(cidr.supernet(), peer.block.excepts))
            everything = ipaddress.ip_network("0.0.0.0/0" if cidr.version == 4 else "::/0")  # noqa: PLR2004
            yield "the block of all addresses", replace(peer, block=IpBlock(everything, peer.block.excepts))
        for hole in peer.block.excepts:
            left = tuple(other for other in peer.block.excepts if other != hole)
            yield f"the exception {hole} taken away", replace(peer, block=IpBlock(cidr, left))


def _wider_ports(port: Port) -> Iterator[tuple[str, Port]]:
    if port.port is not None:
        yield f"every {port.protocol} port", replace(port, port=None, end=None)
    if isinstance(port.port, int):
        last = port.port if port.end is None else port.end
        if last < MAX_PORT:
            yield "one port more above", replace(port, end=last + 1)
            yield f"up to {MAX_PORT}", replace(port, end=MAX_PORT)
        if port.port > 1:
            yield "one port more below", replace(port, port=port.port - 1, end=last)
