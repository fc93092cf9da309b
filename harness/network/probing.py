"""Tries the matrix: one command a source carries all its targets, all sources at once, each from its own pod."""

from __future__ import annotations

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.network.api import STRATEGIC_MERGE, ApiError
from harness.network.compare import Answer
from harness.network.intent import Kind, PortSpec
from harness.network.scratch import PROBE_SECURITY, PYTHON
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.network.api import Api
    from harness.network.matrix import Cell
    from harness.network.population import Population, Resident

NAME_ASKED_FOR = "kubernetes.default.svc.cluster.local"
DNS_PORT = PortSpec(53, "UDP")
ARGV = (PYTHON, "-S", "-m", "ballotbox_probe")
_CONTAINER = "network-probe"
_START_TIMEOUT_S = 60.0
_ANSWER_TIMEOUT_S = 30.0


class Seat:
    """Where a source is tried from: a probe that runs in the source's own pod for as long as the seat is open."""

    def __init__(self, api: Api, pod: Resident, container: str) -> None:
        self._api = api
        self._pod = pod
        self._container = container
        self._stack = contextlib.ExitStack()
        self._session: Any = None

    def open(self) -> None:
        """Start the probe, unless it runs.

        Raises:
            ApiError: It could not be started.
        """
        if self._session is not None:
            return
        where = self._pod
        argv = [*ARGV, "serve"]
        self._session = self._stack.enter_context(self._api.session(where.namespace, where.name, self._container, argv))
        try:
            self._session.read_line(_START_TIMEOUT_S)  # it says that it is ready
        except ApiError:
            self.close()
            raise

    def close(self) -> None:
        """End the probe."""
        self._session = None
        self._stack.close()

    def ask(self, targets: Sequence[Mapping[str, Any]], timeout_s: float | None = None) -> dict[str, Answer]:
        """Try targets and return what was seen, by identifier; where the probe itself fails, all are invalid."""
        request = {"targets": list(targets)} | ({} if timeout_s is None else {"timeout_s": timeout_s})
        try:
            self.open()
            self._session.write_line(json.dumps(request))
            answers = json.loads(self._session.read_line(_ANSWER_TIMEOUT_S))["answers"]
            return {each["id"]: Answer(each["verdict"], each["ms"], each["detail"]) for each in answers}
        except ApiError as error:
            why = str(error)
        except (ValueError, KeyError, TypeError) as error:
            why = f"the probe's answer cannot be read: {error!r}"
        self.close()
        return {target["id"]: Answer("invalid", 0.0, why) for target in targets}


@contextlib.contextmanager
def seats_of(api: Api, population: Population, image: str) -> Iterator[dict[str, Seat]]:
    """Take a seat in one pod of every source; application pods get an ephemeral container, scratch pods have one.

    Raises:
        UserError: A probe does not start.
    """
    seats = _place_seats(api, population, image)
    try:
        with ThreadPoolExecutor(max_workers=max(1, len(seats))) as pool:
            for opening in [pool.submit(seat.open) for seat in seats.values()]:
                opening.result()
        yield seats
    finally:
        for seat in seats.values():
            seat.close()


def _place_seats(api: Api, population: Population, image: str) -> dict[str, Seat]:
    seats = {}
    waiting = []
    for spec in population.intent.endpoints.values():
        pods = population.pods.get(spec.name, ())
        if spec.kind in {Kind.SCRATCH, Kind.NODE} and pods:
            seats[spec.name] = Seat(api.again(), pods[0], "probe")
        elif spec.kind is Kind.WORKLOAD:
            container = _ephemeral_container(api, pods[0], image)
            seats[spec.name] = Seat(api.again(), pods[0], container)
            waiting.append((pods[0], container))
    wait_for(
        "ephemeral containers of the probe",
        lambda: _started(api, waiting),
        timeout_s=_START_TIMEOUT_S,
        interval_s=0.1,
    )
    return seats


def _ephemeral_container(api: Api, pod: Resident, image: str) -> str:
    """Return the name of a running probe in the pod; one that is there is used again, as none can be removed."""
    path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}"
    found = api.get(path)
    if found is None:
        raise UserError(f"pod {pod.namespace}/{pod.name}: expected to find it, found it gone; run the check again")
    there = found["spec"].get("ephemeralContainers") or []
    states = {each["name"]: each.get("state") or {} for each in found["status"].get("ephemeralContainerStatuses") or []}
    for each in there:
        if each["image"] == image and "terminated" not in states.get(each["name"], {}):
            return str(each["name"])
    names = {each["name"] for each in there}
    name = next(name for index in range(len(names) + 1) if (name := f"{_CONTAINER}-{index}") not in names)
    container = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["wait"],
        "securityContext": PROBE_SECURITY,
    }
    body = {"spec": {"ephemeralContainers": [container]}}
    api.call("PATCH", f"{path}/ephemeralcontainers", body, content_type=STRATEGIC_MERGE)
    return name


def _started(api: Api, waiting: list[tuple[Resident, str]]) -> Seen:
    states = {}
    for pod, container in waiting:
        found = api.get(f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}") or {"status": {}}
        for each in found["status"].get("ephemeralContainerStatuses") or []:
            if each["name"] == container:
                states[pod.name, container] = each.get("state") or {}
    late = [
        f"{pod.namespace}/{pod.name} {json.dumps(states.get((pod.name, container), {}))}"
        for pod, container in waiting
        if "running" not in states.get((pod.name, container), {})
    ]
    return Seen(not late, "; ".join(late) or "all running")


def probe(
    seats: Mapping[str, Seat], cells: Sequence[Cell], population: Population, timeout_s: float | None = None
) -> tuple[dict[str, Answer], float]:
    """Try cells; return what was seen by the cell's id, and the seconds it took."""
    by_source: dict[str, list[dict[str, Any]]] = {}
    for cell in cells:
        by_source.setdefault(cell.source, []).append(_target(cell, population))
    start = time.monotonic()
    answers: dict[str, Answer] = {}
    with ThreadPoolExecutor(max_workers=max(1, len(by_source))) as pool:
        tried = [
            (targets, pool.submit(seats[source].ask, targets, timeout_s))
            for source, targets in by_source.items()
            if source in seats
        ]
        for targets, future in tried:
            answers |= {target["id"]: Answer("invalid", 0.0, "no answer to it") for target in targets} | future.result()
    return answers, time.monotonic() - start


def _target(cell: Cell, population: Population) -> dict[str, Any]:
    target = cell.target
    entry: dict[str, Any] = {"id": cell.id, "port": target.port.port, "protocol": target.port.protocol}
    if target.service is None:
        entry["host"] = str(cell.flow.destination.ip)
    else:
        name = f"{target.service.name}.{target.service.namespace}"
        entry |= {"host": str(population.services[name]), "port": target.service.port}
    if target.port == DNS_PORT and population.intent.endpoints[target.endpoint].kind is Kind.SYSTEM:
        entry["query"] = NAME_ASKED_FOR
    return entry
