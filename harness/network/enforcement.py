"""Does this cluster enforce policies at all, and how soon: the canary at the start of every run."""

from __future__ import annotations

import ipaddress
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.network.intent import PortSpec
from harness.network.population import Resident
from harness.network.probing import ARGV
from harness.network.scratch import create_namespace, create_pod, namespace, pod, wait_gone, wait_ready
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from harness.network.api import Api, Session

NAMESPACE = "ballotbox-canary"
PORT = PortSpec(8080)
_WATCH_S = 40.0
_TURN_TIMEOUT_S = 15.0
_LINE_TIMEOUT_S = 10.0
_SAME_CLOCK_S = 0.5
_STARTING_WATCH_S = 1.0
_DONE_TIMEOUT_S = 30.0
_DENY_ALL = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "deny-all", "namespace": NAMESPACE},
    "spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
}
_POLICIES = f"/apis/networking.k8s.io/v1/namespaces/{NAMESPACE}/networkpolicies"
_PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"


@dataclass(frozen=True)
class Enforcement:
    """How soon policies act on this cluster.

    Attributes:
        created_ms: From the API server's answer to a policy's creation until the first attempt it stops.
        deleted_ms: From the answer to its deletion until the first attempt that passes again.
        starting_pod: What a pod's first attempts saw, under a policy that was there before the pod, by verdict.
    """

    created_ms: float
    deleted_ms: float
    starting_pod: dict[str, int]

    @property
    def leaks_at_start(self) -> bool:
        """Whether a starting pod passed traffic that its policies forbid."""
        return self.starting_pod.get("open", 0) > 0

    def __str__(self) -> str:
        seen = ", ".join(f"{count} {verdict}" for verdict, count in sorted(self.starting_pod.items()))
        leak = "passed traffic before its policies applied" if self.leaks_at_start else "passed nothing"
        return (
            f"a new policy acts after {self.created_ms:.0f} ms, a deleted one is gone after {self.deleted_ms:.0f} ms; "
            f"a starting pod {leak} ({seen})"
        )


def check_enforcement(api: Api, image: str, outside: Resident) -> Enforcement:
    """Let a pod call another without policies, under deny-all, and without again; then start one under deny-all.

    Args:
        api: The cluster.
        image: The probe's image.
        outside: A pod of another namespace that answers on the canary's port and that no policy selects.

    Raises:
        UserError: Traffic still passes under deny-all, or it did not pass without.
    """
    create_namespace(api, namespace(NAMESPACE))
    api.delete(f"{_POLICIES}/deny-all")
    for name in ("canary-listens", "canary-calls"):
        create_pod(api, pod(name, NAMESPACE, image, listens=[PORT]))
    wait_ready(api, [(NAMESPACE, "canary-listens"), (NAMESPACE, "canary-calls")])
    try:
        created_ms, deleted_ms = _turns(api)
        api.create(_POLICIES, _DENY_ALL)
        return Enforcement(created_ms, deleted_ms, _starting_pod(api, image, outside))
    finally:
        api.delete(f"/api/v1/namespaces/{NAMESPACE}")


def _turns(api: Api) -> tuple[float, float]:
    """Return how long deny-all took to act, and how long its deletion took."""
    target = _target(str(_resident(api, "canary-listens").ip))
    argv = [*ARGV, "watch", f"{_WATCH_S:g}", json.dumps([target])]
    with api.again().session(NAMESPACE, "canary-calls", "probe", argv) as session:
        clock = _clock_ahead(_await(session, 0.0, "open"), time.time())
        api.create(_POLICIES, _DENY_ALL)
        created = time.time() + clock
        stopped = _await(session, created, "timeout")
        api.delete(f"{_POLICIES}/deny-all")
        deleted = time.time() + clock
        passed = _await(session, deleted, "open")
    return round((stopped - created) * 1000, 1), round((passed - deleted) * 1000, 1)


def _await(session: Session, after: float, verdict: str) -> float:
    """Return when the first attempt after a moment began that saw a verdict."""
    deadline = time.monotonic() + _TURN_TIMEOUT_S
    last = "nothing"
    while time.monotonic() < deadline:
        sample = json.loads(session.read_line(_LINE_TIMEOUT_S))
        last = str(sample["verdict"])
        if float(sample["at"]) >= after and last == verdict:
            return float(sample["at"])
    raise UserError(_NEVER[verdict].format(last=last))


def _clock_ahead(at: float, now: float) -> float:
    """Return how far the pod's clock is ahead of ours, if it is another clock than ours."""
    ahead = at - now
    return ahead if abs(ahead) > _SAME_CLOCK_S else 0.0


_NEVER = {
    "open": (
        f"canary: expected that pods of {NAMESPACE} reach each other where no policy selects them, last saw {{last}}; "
        "mend the cluster's network first"
    ),
    "timeout": (
        "canary: expected that a policy which denies everything stops traffic, last saw {last}: "
        "this cluster's CNI does not enforce NetworkPolicy; use one that does, such as Calico"
    ),
}


def _starting_pod(api: Api, image: str, outside: Resident) -> dict[str, int]:
    """Start a pod whose first act is to call out, under a policy that was there before it."""
    name = "canary-starts"
    manifest = pod(name, NAMESPACE, image)
    called = json.dumps([_target(str(outside.ip))])
    manifest["spec"]["containers"][0]["args"] = ["watch", f"{_STARTING_WATCH_S:g}", called]
    api.delete(f"{_PODS}/{name}", grace_s=0)
    wait_gone(api, f"{_PODS}/{name}")
    api.call("POST", _PODS, manifest)

    def look() -> Seen:
        phase = ((api.get(f"{_PODS}/{name}") or {}).get("status") or {}).get("phase", "absent")
        return Seen(phase in {"Succeeded", "Failed"}, str(phase))

    wait_for("end of the canary's starting pod", look, timeout_s=_DONE_TIMEOUT_S, interval_s=0.2)
    counts: dict[str, int] = {}
    for line in api.log(NAMESPACE, name).splitlines():
        verdict = str(json.loads(line)["verdict"])
        counts[verdict] = counts.get(verdict, 0) + 1
    return counts


def _target(host: str) -> dict[str, Any]:
    return {"id": "canary", "host": host, "port": PORT.port, "protocol": PORT.protocol}


def _resident(api: Api, name: str) -> Resident:
    found = api.call("GET", f"{_PODS}/{name}")
    return Resident(NAMESPACE, name, ipaddress.ip_address(found["status"]["podIP"]))
