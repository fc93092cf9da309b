"""Pods that exist only while paths are tried: strangers, controls, and one on the node's network to try as the node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness.network.intent import Kind
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from harness.network.api import Api
    from harness.network.intent import EndpointSpec, Intent, PortSpec

MARK = {"ballotbox.example/scratch": "network"}
NODE_NAMESPACE = "ballotbox-node"
PREFIX = "network-"
PYTHON = "/usr/bin/python3"
_READY_TIMEOUT_S = 60.0
_GONE_TIMEOUT_S = 60.0
PROBE_SECURITY: dict[str, Any] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


def pod_name(endpoint: str) -> str:
    """Return the name of the scratch pod that plays an endpoint."""
    return PREFIX + endpoint


def pod(
    name: str,
    namespace: str,
    image: str,
    *,
    labels: Mapping[str, str] | None = None,
    listens: Iterable[PortSpec] = (),
    host_network: bool = False,
) -> dict[str, Any]:
    """Return a pod that Pod Security's `restricted` accepts and that answers on the given ports, or only waits."""
    ports = [str(port) for port in listens]
    tcp = [port for port in listens if port.protocol == "TCP"]
    container: dict[str, Any] = {
        "name": "probe",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["listen", *ports] if ports else ["wait"],
        "securityContext": PROBE_SECURITY,
        "resources": {"requests": {"cpu": "10m", "memory": "24Mi"}, "limits": {"cpu": "500m", "memory": "96Mi"}},
        "ports": [{"containerPort": port.port, "protocol": port.protocol} for port in listens],
    }
    if tcp:
        container["readinessProbe"] = {"tcpSocket": {"port": tcp[0].port}, "periodSeconds": 1}
    spec: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "restartPolicy": "Always" if ports else "Never",
        "containers": [container],
    }
    if host_network:
        spec |= {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": {**(labels or {}), **MARK}},
        "spec": spec,
    }


def namespace(name: str, level: str = "restricted") -> dict[str, Any]:
    """Return a namespace that holds its pods to a Pod Security level."""
    labels = {**MARK, "pod-security.kubernetes.io/enforce": level}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def set_up(api: Api, intent: Intent, image: str) -> None:
    """Create the scratch pods of the table and wait until they are Ready."""
    wanted = [spec for spec in intent.endpoints.values() if spec.kind in {Kind.SCRATCH, Kind.NODE}]
    for name in dict.fromkeys(_namespace_of(spec) for spec in wanted):
        if name not in intent.governed:
            level = "privileged" if name == NODE_NAMESPACE else "restricted"
            create_namespace(api, namespace(name, level))
    for spec in wanted:
        create_pod(api, _pod_of(spec, image))
    wait_ready(api, [(_namespace_of(spec), pod_name(spec.name)) for spec in wanted])


def tear_down(api: Api, intent: Intent) -> None:
    """Remove what `set_up` made, and wait until it is gone from the governed namespaces."""
    for spec in intent.endpoints.values():
        if spec.kind is Kind.SCRATCH and spec.namespace in intent.governed:
            api.delete(f"/api/v1/namespaces/{spec.namespace}/pods/{pod_name(spec.name)}", grace_s=0)
    for item in api.items("/api/v1/namespaces", MARK):
        api.delete(f"/api/v1/namespaces/{item['metadata']['name']}")


def create_namespace(api: Api, manifest: dict[str, Any]) -> None:
    """Create a namespace; one of the same name that an earlier run left on its way out is waited out first."""
    path = f"/api/v1/namespaces/{manifest['metadata']['name']}"
    there = api.get(path)
    if there is not None and "deletionTimestamp" in there["metadata"]:
        wait_gone(api, path)
    api.create("/api/v1/namespaces", manifest)


def create_pod(api: Api, manifest: dict[str, Any]) -> None:
    """Create a pod; one of the same name that is on its way out, or of another image, is waited out first."""
    metadata = manifest["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods"
    there = api.get(f"{path}/{metadata['name']}")
    if there is not None:
        same = there["spec"]["containers"][0]["image"] == manifest["spec"]["containers"][0]["image"]
        if same and "deletionTimestamp" not in there["metadata"] and there["status"].get("phase") == "Running":
            return
        api.delete(f"{path}/{metadata['name']}", grace_s=0)
        wait_gone(api, f"{path}/{metadata['name']}")
    api.call("POST", path, manifest)


def wait_ready(api: Api, names: Iterable[tuple[str, str]]) -> None:
    """Wait until pods are Ready; the error says in which state each was last seen."""
    pending = list(names)

    def look() -> Seen:
        states = {}
        for where, name in pending:
            found = api.get(f"/api/v1/namespaces/{where}/pods/{name}")
            if found is None or not is_ready(found):
                states[f"{where}/{name}"] = "absent" if found is None else state_of(found)
        return Seen(not states, ", ".join(f"{name} {state}" for name, state in states.items()) or "all ready")

    wait_for("scratch pods of the network check", look, timeout_s=_READY_TIMEOUT_S, interval_s=0.2)


def wait_gone(api: Api, path: str) -> None:
    """Wait until an object is gone."""
    wait_for(
        f"end of {path}",
        lambda: Seen(api.get(path) is None, "still there"),
        timeout_s=_GONE_TIMEOUT_S,
        interval_s=0.1,
    )


def is_ready(found: Mapping[str, Any]) -> bool:
    """Tell whether a pod is Ready and meant to stay."""
    conditions = (found.get("status") or {}).get("conditions") or []
    ready = any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)
    return ready and "deletionTimestamp" not in found["metadata"]


def state_of(found: Mapping[str, Any]) -> str:
    """Return a pod's state in words, with what its containers wait for."""
    status = found.get("status") or {}
    states = {each["name"]: (each.get("state") or {}).get("waiting") for each in status.get("containerStatuses") or []}
    waiting = [f"{name}: {why.get('reason')} {why.get('message', '')}".strip() for name, why in states.items() if why]
    return " ".join([str(status.get("phase", "unknown")), *waiting])


def _namespace_of(spec: EndpointSpec) -> str:
    return NODE_NAMESPACE if spec.kind is Kind.NODE else spec.namespace


def _pod_of(spec: EndpointSpec, image: str) -> dict[str, Any]:
    if spec.kind is Kind.NODE:
        return pod(pod_name(spec.name), NODE_NAMESPACE, image, host_network=True)
    return pod(pod_name(spec.name), spec.namespace, image, labels=spec.labels, listens=spec.listens)
