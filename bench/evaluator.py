"""How fast the evaluator judges: 10,000 pairs of pods, 100 policies, beside a peer that reads every policy each time.

Run: ./nox -s bench -- evaluator [PODS POLICIES]. The bar is 5 s for 100 pods (10,000 pairs) and 100 policies.
"""

from __future__ import annotations

import ipaddress
import random
import sys
import time

from harness.located import Place
from harness.network.evaluator import Evaluator, peer_includes, ports_include
from harness.network.model import (
    NAME_LABEL,
    Direction,
    Flow,
    NamedPort,
    Peer,
    Pod,
    Policy,
    Port,
    Requirement,
    Rule,
    Selector,
)

BAR_S = 5.0
NOWHERE = Place("bench", 1)
NAMESPACES = 5
TIERS = 10


def main(pods: int = 100, policies: int = 100) -> int:
    """Print the figures; 1 if the bar is missed or the two disagree."""
    dice = random.Random(7)  # noqa: S311 - the same world every time
    world = [_pod(index) for index in range(pods)]
    rules = [_policy(index, dice) for index in range(policies)]
    flows = [Flow(source, target, dice.choice([80, 5432, 9090]), "TCP") for source in world for target in world]

    start = time.perf_counter()
    evaluator = Evaluator(rules)
    ours = [evaluator.verdict(flow).allowed for flow in flows]
    ours_s = time.perf_counter() - start

    start = time.perf_counter()
    theirs = [_naive(flow, rules) for flow in flows]
    theirs_s = time.perf_counter() - start

    print(f"{len(flows)} pairs of pods, {policies} policies, {sum(ours)} allowed, {len(ours) - sum(ours)} blocked")
    print(f"evaluator: {ours_s:.3f} s ({ours_s / len(flows) * 1e6:.1f} us a flow; bar {BAR_S:g} s)")
    print(f"naive peer, same run: {theirs_s:.3f} s; ratio {theirs_s / ours_s:.1f}")
    if ours != theirs:
        print("the two disagree")
        return 1
    return 0 if ours_s <= BAR_S else 1


def _pod(index: int) -> Pod:
    namespace = f"ns-{index % NAMESPACES}"
    labels = {"tier": f"t-{index % TIERS}", "app": f"app-{index}"}
    ip = ipaddress.IPv4Address(f"10.0.{index // 250}.{index % 250 + 1}")
    return Pod(
        f"pod-{index}", namespace, labels, {NAME_LABEL: namespace}, ip, (NamedPort("http", 80),), f"node-{index}"
    )


def _policy(index: int, dice: random.Random) -> Policy:
    def selector(key: str, choices: int) -> Selector:
        values = tuple(f"{key[0]}-{dice.randrange(choices)}" for _ in range(2))
        return Selector((Requirement(key, "In", values),))

    def rule() -> Rule:
        peers = tuple(Peer(NOWHERE, selector("tier", TIERS), dice.choice([None, Selector()])) for _ in range(3))
        known: tuple[int | str, ...] = (80, "http", 5432)
        one, several = Port(NOWHERE, "TCP", dice.choice(known)), Port(NOWHERE, "TCP", 9000, 9099)
        return Rule(NOWHERE, peers, (one, several))

    return Policy(
        place=NOWHERE,
        namespace=f"ns-{index % NAMESPACES}",
        name=f"policy-{index}",
        selector=selector("tier", TIERS),
        types=frozenset(Direction),
        ingress=(rule(), rule()),
        egress=(rule(), rule()),
    )


def _naive(flow: Flow, policies: list[Policy]) -> bool:
    """Judge as the documentation reads, policy by policy, remembering nothing."""
    return all(
        _side(flow, direction, subject, other, policies)
        for direction, subject, other in (
            (Direction.EGRESS, flow.source, flow.destination),
            (Direction.INGRESS, flow.destination, flow.source),
        )
    )


def _side(flow: Flow, direction: Direction, subject: object, other: object, policies: list[Policy]) -> bool:
    if subject is other or not isinstance(subject, Pod) or not isinstance(other, Pod):
        return True
    isolated = False
    for policy in policies:
        if policy.namespace != subject.namespace or direction not in policy.types:
            continue
        if not policy.selector.matches(subject.labels):
            continue
        isolated = True
        for rule in policy.rules(direction):
            meant = not rule.peers or any(peer_includes(peer, policy.namespace, other) for peer in rule.peers)
            if meant and ports_include(rule.ports, flow.protocol, flow.port, flow.destination):
                return True
    return not isolated


if __name__ == "__main__":
    raise SystemExit(main(*(int(word) for word in sys.argv[1:])))
