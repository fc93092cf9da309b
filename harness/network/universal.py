"""Proves the intent for every pod that anyone could ever create, or finds one for which it does not hold.

Each side must hold alone: of a flow between two of ours, the sender's egress and the receiver's ingress each say
exactly what the intent says, so that one mistake on one side opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness.network.classes import FRESH, classes
from harness.network.evaluator import Evaluator, ports_include
from harness.network.model import NAME_LABEL, Direction, Flow, Pod

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.network.classes import Classes, PortClass
    from harness.network.evaluator import Verdict
    from harness.network.intent import Intent
    from harness.network.model import Endpoint, Policy, Rule


@dataclass(frozen=True)
class Counterexample:
    """A flow, possible today, for which policies and intent differ.

    Attributes:
        flow: The flow, between pods that stand for their class.
        ports: All ports of that class.
        side: The direction whose policies differ from the intent.
        intended: Whether the intent allows it.
        computed: What the policies say.
    """

    flow: Flow
    ports: PortClass
    side: Direction
    intended: bool
    computed: Verdict

    def __str__(self) -> str:
        says, do = ("allows", "block") if self.intended else ("blocks", "let pass")
        return (
            f"{self.flow.source.name} -> {self.flow.destination.name} {self.ports}: "
            f"the intent {says} it, the policies on the {self.side.value.lower()} side {do} it: {self.computed}"
        )


@dataclass(frozen=True)
class Proof:
    """How the universal check went.

    Attributes:
        endpoint_classes: Classes of pods and addresses.
        candidates: Combinations of values that they stand for.
        port_classes: Classes of ports.
        flows: Classes of flows that were judged.
        counterexamples: Where policies and intent differ; empty if the intent holds for everything.
    """

    endpoint_classes: int
    candidates: int
    port_classes: int
    flows: int
    counterexamples: tuple[Counterexample, ...]


class Masks:
    """Which port classes pass between two endpoints, as the bits of a number: one judgement for all ports at once."""

    def __init__(self, policies: Sequence[Policy], ports: Sequence[PortClass]) -> None:
        self._evaluator = Evaluator(policies)
        self._ports = ports
        self._all = (1 << len(ports)) - 1
        self._of_rule: dict[tuple[Rule, tuple[object, ...]], int] = {}

    def side(self, direction: Direction, source: Endpoint, destination: Endpoint) -> int:
        """Return the port classes that one side lets pass."""
        subject, other = (source, destination) if direction is Direction.EGRESS else (destination, source)
        if self._evaluator.exempt(direction, subject, other) is not None or not isinstance(subject, Pod):
            return self._all
        if not self._evaluator.isolating(subject, direction):
            return self._all
        mask = 0
        for rule in self._evaluator.rules_met(direction, subject, other):
            mask |= self._rule(rule, destination)
        return mask

    def _rule(self, rule: Rule, destination: Endpoint) -> int:
        key = (rule, destination.named_ports if isinstance(destination, Pod) else ())
        mask = self._of_rule.get(key)
        if mask is None:
            mask = 0
            for index, port in enumerate(self._ports):
                if ports_include(rule.ports, port.protocol, port.first, destination):
                    mask |= 1 << index
            self._of_rule[key] = mask
        return mask


class IntentMasks:
    """Which port classes the intent allows between two endpoints of one set of classes; worked out once, used often."""

    def __init__(self, intent: Intent, world: Classes) -> None:
        self.world = world
        self._wanted: dict[tuple[Endpoint, Endpoint], int] = {}
        self.sides: list[tuple[Direction, Endpoint, Endpoint]] = []
        for source in world.endpoints:
            for destination in world.destinations:
                ends = ((Direction.EGRESS, source), (Direction.INGRESS, destination))
                governed = [(side, source, destination) for side, end in ends if intent.governs(end)]
                if governed:
                    self.sides += governed
                    self._wanted[source, destination] = _intended(intent, source, destination, world.ports)

    @property
    def pairs(self) -> int:
        """How many pairs of endpoints have a governed end."""
        return len(self._wanted)

    def wanted(self, source: Endpoint, destination: Endpoint) -> int:
        """Return the port classes that the intent allows."""
        return self._wanted[source, destination]


def prove(policies: Sequence[Policy], intent: Intent, namespaces: Mapping[str, Mapping[str, str]]) -> Proof:
    """Walk every class of flow that touches a governed namespace and compare policies with intent."""
    world = classes(policies, intent, namespaces)
    wanted = IntentMasks(intent, world)
    found = tuple(differences(policies, wanted))
    flows = wanted.pairs * len(world.ports)
    return Proof(len(world.endpoints), world.candidates, len(world.ports), flows, found)


def differences(policies: Sequence[Policy], wanted: IntentMasks) -> Iterator[Counterexample]:
    """Yield, for each pair of classes, the first port class that should pass and does not, and the first other way."""
    ports = wanted.world.ports
    masks = Masks(policies, ports)
    evaluator: Evaluator | None = None
    for side, source, destination in wanted.sides:
        want = wanted.wanted(source, destination)
        differing = masks.side(side, source, destination) ^ want
        for wrong in (differing & want, differing & ~want):  # what should pass and does not, and what should not
            if not wrong:
                continue
            index = (wrong & -wrong).bit_length() - 1
            flow = Flow(source, destination, ports[index].first, ports[index].protocol)
            evaluator = evaluator or Evaluator(policies)
            yield Counterexample(flow, ports[index], side, bool(want >> index & 1), evaluator.verdict(flow))


def same_everywhere(one: Sequence[Policy], other: Sequence[Policy], world: Classes) -> bool:
    """Tell whether two sets of policies judge every side alike; the classes must have been cut by both sets."""
    first, second = Masks(one, world.ports), Masks(other, world.ports)
    return all(
        first.side(side, source, destination) == second.side(side, source, destination)
        for side in Direction
        for source in world.endpoints
        for destination in world.destinations
    )


def _intended(intent: Intent, source: Endpoint, destination: Endpoint, ports: Sequence[PortClass]) -> int:
    mask = 0
    entries = intent.entries(source, destination)
    for index, port in enumerate(ports):
        if any(entry.has_port(port.first, port.protocol) for entry in entries):
            mask |= 1 << index
    return mask


def pod_manifest(counterexample: Counterexample, image: str = "ballotbox/probe") -> str:
    """Return a manifest of the counterexample's pods that applies as it is, to see the flow happen."""
    parts = []
    for endpoint, name in ((counterexample.flow.source, "source"), (counterexample.flow.destination, "destination")):
        if not isinstance(endpoint, Pod):
            continue
        if endpoint.namespace == FRESH:
            parts.append(_namespace(endpoint))
        parts.append(
            _POD.format(
                name=f"counterexample-{name}", namespace=endpoint.namespace, image=image, labels=_labels(endpoint)
            )
        )
    return "---\n".join(parts)


def _labels(pod: Pod) -> str:
    return "{" + ", ".join(f'"{key}": "{value}"' for key, value in sorted(pod.labels.items())) + "}"


def _namespace(pod: Pod) -> str:
    labels = {key: value for key, value in pod.namespace_labels.items() if key != NAME_LABEL}
    shown = "{" + ", ".join(f'"{key}": "{value}"' for key, value in sorted(labels.items())) + "}"
    return f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {pod.namespace}\n  labels: {shown}\n"


_POD = """\
apiVersion: v1
kind: Pod
metadata:
  name: {name}
  namespace: {namespace}
  labels: {labels}
spec:
  automountServiceAccountToken: false
  securityContext:
    runAsNonRoot: true
    runAsUser: 1000
    runAsGroup: 1000
    seccompProfile:
      type: RuntimeDefault
  containers:
    - name: probe
      image: {image}
      args: [wait]
      resources:
        requests: {{cpu: 10m, memory: 24Mi}}
        limits: {{cpu: 500m, memory: 64Mi}}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
"""
