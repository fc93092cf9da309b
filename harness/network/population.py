"""Who is there: the pods, addresses and Services of a running cluster behind each endpoint of the table."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.network.intent import Intent, Kind
from harness.network.scratch import NODE_NAMESPACE, is_ready, pod_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.network.api import Api
    from harness.network.intent import EndpointSpec
    from harness.network.model import Ip


@dataclass(frozen=True)
class Resident:
    """A pod that runs."""

    namespace: str
    name: str
    ip: Ip


@dataclass(frozen=True)
class Population:
    """A cluster as the table sees it.

    Attributes:
        intent: The table with the cluster's own addresses of node and API server.
        pods: The pods behind each endpoint; the node's is the one on its network.
        services: The addresses of the Services that the table names, as `name.namespace`.
    """

    intent: Intent
    pods: Mapping[str, tuple[Resident, ...]]
    services: Mapping[str, Ip]

    @property
    def ips(self) -> dict[str, tuple[Ip, ...]]:
        """The addresses of each endpoint's pods."""
        return {name: tuple(pod.ip for pod in pods) for name, pods in self.pods.items()}


def read_population(api: Api, intent: Intent) -> Population:
    """Look every endpoint of the table up in the cluster.

    Raises:
        UserError: An endpoint has no Ready pod, or a Service is not there.
    """
    nodes = api.items("/api/v1/nodes")
    pods = {}
    endpoints = dict(intent.endpoints)
    for spec in intent.endpoints.values():
        if spec.kind in {Kind.WORKLOAD, Kind.SYSTEM, Kind.SCRATCH}:
            pods[spec.name] = _pods_of(api, spec)
        elif spec.kind is Kind.NODE:
            pods[spec.name] = _residents(api, NODE_NAMESPACE, {}, pod_name(spec.name))
            endpoints[spec.name] = replace(spec, ip=_node_ip(nodes))
        elif any(str(service).startswith("kubernetes.default:") for service in spec.services):
            endpoints[spec.name] = _api_server(api, spec)
    services = {}
    for spec in intent.endpoints.values():
        for service in spec.services:
            services[f"{service.name}.{service.namespace}"] = _service_ip(api, service.namespace, service.name, spec)
    return Population(replace(intent, endpoints=endpoints), pods, services)


def _pods_of(api: Api, spec: EndpointSpec) -> tuple[Resident, ...]:
    wanted = pod_name(spec.name) if spec.kind is Kind.SCRATCH else None
    found = _residents(api, spec.namespace, spec.labels or {}, wanted)
    if not found:
        raise UserError(
            f"{spec.place}: endpoints.{spec.name}: expected a Ready pod in {spec.namespace} with "
            f"{spec.selector}, found none; `./nox -s status` says what runs"
        )
    return found


def _residents(api: Api, namespace: str, labels: Mapping[str, str], name: str | None) -> tuple[Resident, ...]:
    items = api.items(f"/api/v1/namespaces/{namespace}/pods", labels)
    return tuple(
        Resident(namespace, item["metadata"]["name"], ipaddress.ip_address(item["status"]["podIP"]))
        for item in sorted(items, key=lambda each: str(each["metadata"]["name"]))
        if is_ready(item) and (name is None or item["metadata"]["name"] == name)
    )


def _node_ip(nodes: list[dict[str, Any]]) -> Ip:
    addresses = [a["address"] for node in nodes for a in node["status"]["addresses"] if a["type"] == "InternalIP"]
    return ipaddress.ip_address(addresses[0])


def _api_server(api: Api, spec: EndpointSpec) -> EndpointSpec:
    selector = {"kubernetes.io/service-name": "kubernetes"}
    slices = api.items("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", selector)
    addresses = [address for each in slices for endpoint in each["endpoints"] for address in endpoint["addresses"]]
    return replace(spec, ip=ipaddress.ip_address(addresses[0])) if addresses else spec


def _service_ip(api: Api, namespace: str, name: str, spec: EndpointSpec) -> Ip:
    found = api.get(f"/api/v1/namespaces/{namespace}/services/{name}")
    if found is None:
        raise UserError(
            f"{spec.place}: endpoints.{spec.name}: expected the Service {namespace}/{name}, found none; deploy first"
        )
    return ipaddress.ip_address(found["spec"]["clusterIP"])
