"""The full matrix: every source to every target's every port, with what the intent expects of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.network.intent import (
    CLASSES,
    POD_KINDS,
    SOURCES,
    Allowed,
    EndpointSpec,
    Intent,
    Kind,
    PortSpec,
    ServiceSpec,
)
from harness.network.model import Address, Flow, NamedPort, Pod

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from harness.network.declared import Declared, Workload
    from harness.network.model import Endpoint, Ip

THE_NODE = "node"


@dataclass(frozen=True)
class Actor:
    """An endpoint of the table as it is: what the evaluator sees, and what is tried.

    Attributes:
        spec: Its entry in the table, with the ports it listens on filled in.
        first: The endpoint that connections come from, and go to.
        second: Another replica, which connections from the first go to; without one a pod calls itself.
    """

    spec: EndpointSpec
    first: Endpoint
    second: Endpoint | None = None


@dataclass(frozen=True)
class Target:
    """A column: a port of an endpoint, tried directly or by way of a Service."""

    endpoint: str
    port: PortSpec
    listening: bool
    service: ServiceSpec | None = None

    def __str__(self) -> str:
        port = self.port if self.service is None else f"{self.service.port}/{self.port.protocol}"
        return f"{self.endpoint}:{port}" + (f" by {self.service.name}" if self.service else "")


@dataclass(frozen=True)
class Cell:
    """One flow of the matrix.

    Attributes:
        source: The row.
        target: The column.
        flow: What the evaluator judges.
        entry: The entry of the intent that allows it, or None.
        within: Whether it is traffic of a pod with itself.
        ours: Whether the intent speaks of the source, and of the destination.
    """

    source: str
    target: Target
    flow: Flow
    entry: Allowed | None
    within: bool
    ours: tuple[bool, bool]

    @property
    def governed(self) -> bool:
        """Whether the intent speaks of it; otherwise it is a control, which should pass."""
        return any(self.ours)

    @property
    def id(self) -> str:
        """Its name in every report."""
        return f"{self.source} -> {self.target}"

    @property
    def passes(self) -> bool:
        """Whether the flow should pass."""
        return self.entry is not None or self.within or not self.governed

    @property
    def expected(self) -> str:
        """The verdict a probe should see."""
        if not self.passes:
            return "timeout"
        return "open" if self.target.listening else "refused"

    @property
    def reason(self) -> str:
        """Why the flow should pass or not."""
        if self.within:
            return "a pod and itself: no policy is asked"
        if self.entry is not None:
            return self.entry.reason
        return "no entry of the intent allows it" if self.governed else "a control: no end of it is ours"


def actors(intent: Intent, declared: Declared, ips: Mapping[str, tuple[Ip, ...]] | None = None) -> dict[str, Actor]:
    """Return the endpoints of the table as they are.

    Args:
        intent: The table.
        declared: The rendered manifests.
        ips: The addresses of each endpoint's pods on a running cluster; without them addresses are made up.

    Raises:
        UserError: The table names a workload that the manifests do not declare, or leaves one of ours out.
    """
    made_up: Iterator[Ip] = iter(intent.pod_cidr.hosts())
    found = {}
    known: set[int] = set()
    for spec in intent.endpoints.values():
        if spec.kind in CLASSES:
            continue
        if spec.kind not in POD_KINDS:
            assert spec.ip is not None  # noqa: S101 - the reader gives every such kind an address
            found[spec.name] = Actor(spec, Address(spec.name, spec.ip, THE_NODE if spec.kind is Kind.NODE else None))
            continue
        workloads = _workloads_of(spec, declared) if spec.kind is Kind.WORKLOAD else []
        known |= {id(workload) for workload in workloads}
        has = ips.get(spec.name, ()) if ips is not None else ()
        count = len(has) if ips is not None else max((workload.replicas for workload in workloads), default=1)
        pods = [
            _pod(spec, declared, workloads, has[index] if index < len(has) else next(made_up), index)
            for index in range(min(max(count, 1), 2))
        ]
        found[spec.name] = Actor(_with_ports(spec, workloads), pods[0], pods[1] if len(pods) > 1 else None)
    for workload in declared.workloads:
        if workload.namespace in intent.governed and id(workload) not in known:
            raise UserError(
                f"{workload.place}: {workload.kind} {workload.namespace}/{workload.name}: expected an endpoint in "
                f"{intent.file}, found none; add one, so that its paths are tried"
            )
    return found


def matrix(intent: Intent, known: Mapping[str, Actor]) -> list[Cell]:
    """Return every cell: all sources, all targets, all ports."""
    sources = [actor for actor in known.values() if actor.spec.kind in SOURCES]
    return [_cell(intent, source, known[target.endpoint], target) for source in sources for target in targets(known)]


def targets(known: Mapping[str, Actor]) -> list[Target]:
    """Return the columns: listening ports, closed ports, Services."""
    return [
        target
        for name, actor in known.items()
        for target in (
            *(Target(name, port, listening=True) for port in actor.spec.listens),
            *(Target(name, port, listening=False) for port in actor.spec.closed),
            *(Target(name, service.target, listening=True, service=service) for service in actor.spec.services),
        )
    ]


def _cell(intent: Intent, source: Actor, target_actor: Actor, target: Target) -> Cell:
    destination = target_actor.first
    if source is target_actor:
        destination = target_actor.second or destination
        if target.service is not None and isinstance(destination, Pod):
            # By its Service a pod's call leaves the pod, even if it comes back: its policies are asked.
            destination = replace(destination)
    flow = Flow(source.first, destination, target.port.port, target.port.protocol)
    return Cell(
        source=source.spec.name,
        target=target,
        flow=flow,
        entry=intent.entry(flow.source, flow.destination, flow.port, flow.protocol),
        within=flow.source is flow.destination,
        ours=(intent.governs(flow.source), intent.governs(flow.destination)),
    )


def _workloads_of(spec: EndpointSpec, declared: Declared) -> list[Workload]:
    found = [w for w in declared.workloads if w.namespace == spec.namespace and spec.selector.matches(w.labels)]
    if not found:
        there = ", ".join(f"{w.namespace}/{w.name}" for w in declared.workloads) or "none"
        raise UserError(
            f"{spec.place}: endpoints.{spec.name}: expected a workload in {spec.namespace} whose pods have "
            f"{spec.selector}, found only {there}; mend the table or add the workload"
        )
    return found


def _with_ports(spec: EndpointSpec, workloads: list[Workload]) -> EndpointSpec:
    if spec.listens:
        return spec
    ports = {PortSpec(port.port, port.protocol): None for workload in workloads for port in workload.ports}
    return replace(spec, listens=tuple(ports))


def _pod(spec: EndpointSpec, declared: Declared, workloads: list[Workload], ip: Ip, index: int) -> Pod:
    named = tuple(port for workload in workloads for port in workload.ports if port.name)
    if spec.kind is Kind.SCRATCH:
        named = tuple(NamedPort(f"port-{port.port}", port.port, port.protocol) for port in spec.listens)
    return Pod(
        name=spec.name if index == 0 else f"{spec.name} (another replica)",
        namespace=spec.namespace,
        labels=workloads[0].labels if workloads else spec.labels or {},
        namespace_labels=declared.namespace_labels(spec.namespace),
        ip=ip,
        named_ports=named,
        node=THE_NODE,
        host_network=any(workload.host_network for workload in workloads),
    )
