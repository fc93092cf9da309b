"""Reads NetworkPolicies as strictly as the API server does, with the line of each part.

The rules that are checked: https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/apis/networking/validation/validation.go
"""

from __future__ import annotations

import ipaddress
import re
from typing import TYPE_CHECKING, Any

from harness.located import MappingError, Reader, at
from harness.network.model import (
    MAX_PORT,
    OPERATORS,
    PROTOCOLS,
    Direction,
    IpBlock,
    Peer,
    Policy,
    Port,
    Requirement,
    Rule,
    Selector,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from harness.located import Document, Path
    from harness.network.model import Network

API_VERSION = "networking.k8s.io/v1"
_PORT_NAME = re.compile(r"(?=.*[a-z])[a-z0-9]([a-z0-9]|-(?!-)){0,13}[a-z0-9]|[a-z]")


def read_policies(documents: Iterable[Document]) -> tuple[Policy, ...]:
    """Return the NetworkPolicies among the documents; lists are looked into.

    Raises:
        MappingError: A policy that the API server would refuse, with file, line and key.
    """
    return tuple(
        _PolicyReader(document).policy(path)
        for document in documents
        for path in objects(document)
        if at(document.data, path).get("kind") == "NetworkPolicy"
    )


def objects(document: Document, path: Path = ()) -> list[Path]:
    """Return the paths of the Kubernetes objects in a document, those inside lists included."""
    data = at(document.data, path)
    if not isinstance(data, dict):
        raise MappingError(f"{document.place(*path)}: expected a Kubernetes object, found {data!r}; mend the document")
    if str(data.get("kind", "")).endswith("List") and isinstance(data.get("items"), list):
        return [inner for index in range(len(data["items"])) for inner in objects(document, (*path, "items", index))]
    return [path]


class _PolicyReader(Reader):
    def policy(self, path: Path) -> Policy:
        top = self.mapping(path, {"apiVersion", "kind", "metadata", "spec", "status"})
        if top.get("apiVersion") != API_VERSION:
            raise self.fail((*path, "apiVersion"), API_VERSION, top.get("apiVersion"))
        metadata = top.get("metadata")
        name = metadata.get("name") if isinstance(metadata, dict) else None
        if not isinstance(metadata, dict) or not isinstance(name, str):
            raise self.fail((*path, "metadata"), "a mapping with a name", metadata)
        spec_path = (*path, "spec")
        spec = self.mapping(spec_path, {"podSelector", "policyTypes", "ingress", "egress"}) if "spec" in top else {}
        ingress = self._rules(spec_path, "ingress", "from") if "ingress" in spec else ()
        egress = self._rules(spec_path, "egress", "to") if "egress" in spec else ()
        return Policy(
            place=self.document.place(*spec_path),
            namespace=str(metadata.get("namespace", "default")),
            name=name,
            selector=self.selector((*spec_path, "podSelector")) if "podSelector" in spec else Selector(),
            types=self._types(spec_path, spec, has_egress=bool(egress)),
            ingress=ingress,
            egress=egress,
        )

    def _types(self, spec_path: Path, spec: dict[str, Any], *, has_egress: bool) -> frozenset[Direction]:
        paths = self.items((*spec_path, "policyTypes")) if "policyTypes" in spec else []
        if not paths:  # the API server's default
            return frozenset({Direction.INGRESS, Direction.EGRESS} if has_egress else {Direction.INGRESS})
        found = set()
        for path in paths:
            text = self.text(path)
            if text not in {direction.value for direction in Direction}:
                raise self.fail(path, "Ingress or Egress", text)
            found.add(Direction(text))
        return frozenset(found)

    def _rules(self, spec_path: Path, key: str, peers_key: str) -> tuple[Rule, ...]:
        rules = []
        for path in self.items((*spec_path, key)):
            rule = self.mapping(path, {peers_key, "ports"})
            peers = self.items((*path, peers_key)) if peers_key in rule else []
            ports = self.items((*path, "ports")) if "ports" in rule else []
            rules.append(
                Rule(
                    place=self.document.place(*path),
                    peers=tuple(self._peer(peer) for peer in peers),
                    ports=tuple(self._port(port) for port in ports),
                )
            )
        return tuple(rules)

    def _peer(self, path: Path) -> Peer:
        keys = {"podSelector", "namespaceSelector", "ipBlock"}
        peer = {key: value for key, value in self.mapping(path, keys).items() if value is not None}
        if not peer:
            raise self.fail(path, "podSelector, namespaceSelector or ipBlock", peer, "say who is meant")
        if "ipBlock" in peer and len(peer) > 1:
            raise self.fail(path, "ipBlock alone", sorted(peer), "split it into two peers")
        return Peer(
            place=self.document.place(*path),
            pods=self.selector((*path, "podSelector")) if "podSelector" in peer else None,
            namespaces=self.selector((*path, "namespaceSelector")) if "namespaceSelector" in peer else None,
            block=self._block((*path, "ipBlock")) if "ipBlock" in peer else None,
        )

    def _block(self, path: Path) -> IpBlock:
        block = self.mapping(path, {"cidr", "except"})
        if "cidr" not in block:
            raise self.fail(path, "a cidr", block)
        cidr = self._network((*path, "cidr"))
        holes = []
        for hole_path in self.items((*path, "except")) if "except" in block else []:
            hole = self._network(hole_path)
            if hole.version != cidr.version or hole == cidr or not hole.subnet_of(cidr):  # type: ignore[arg-type]
                raise self.fail(hole_path, f"a smaller range inside {cidr}", str(hole))
            holes.append(hole)
        return IpBlock(cidr, tuple(holes))

    def _network(self, path: Path) -> Network:
        text = self.text(path)
        try:
            network = ipaddress.ip_network(text, strict=False)
        except ValueError:
            network = None
        if network is None or "/" not in text:
            raise self.fail(path, "a range of addresses such as 10.0.0.0/8", text)
        return network

    def _port(self, path: Path) -> Port:
        fields = self.mapping(path, {"port", "endPort", "protocol"})
        protocol = fields.get("protocol") or "TCP"
        if protocol not in PROTOCOLS:
            raise self.fail((*path, "protocol"), "TCP, UDP or SCTP", protocol)
        port, end = fields.get("port"), fields.get("endPort")
        if isinstance(port, str):
            if not _PORT_NAME.fullmatch(port):
                raise self.fail((*path, "port"), "a port number or name", port)
        elif port is not None and (not isinstance(port, int) or isinstance(port, bool) or not 1 <= port <= MAX_PORT):
            raise self.fail((*path, "port"), f"a port from 1 to {MAX_PORT}", port)
        if end is not None:
            if not isinstance(end, int) or isinstance(end, bool) or not 1 <= end <= MAX_PORT:
                raise self.fail((*path, "endPort"), f"a port from 1 to {MAX_PORT}", end)
            if not isinstance(port, int):
                raise self.fail((*path, "endPort"), "a port number beside endPort", port, "say where the range begins")
            if end < port:
                raise self.fail((*path, "endPort"), f"a port not below port {port}", end)
        return Port(self.document.place(*path), protocol, port, end)

    def selector(self, path: Path) -> Selector:
        fields = self.mapping(path, {"matchLabels", "matchExpressions"})
        labels = fields.get("matchLabels")
        if labels is not None and not isinstance(labels, dict):
            raise self.fail((*path, "matchLabels"), "a mapping", labels)
        expressions = self.items((*path, "matchExpressions")) if "matchExpressions" in fields else []
        return Selector(
            (
                *(Requirement(str(key), "In", (self.text((*path, "matchLabels", key)),)) for key in labels or {}),
                *(self._expression(expression) for expression in expressions),
            )
        )

    def _expression(self, path: Path) -> Requirement:
        fields = self.mapping(path, {"key", "operator", "values"})
        key, operator = fields.get("key"), fields.get("operator")
        if not isinstance(key, str):
            raise self.fail((*path, "key"), "a label's key", key)
        if operator not in OPERATORS:
            raise self.fail((*path, "operator"), f"one of {', '.join(OPERATORS)}", operator)
        values = tuple(self.text(item) for item in self.items((*path, "values"))) if "values" in fields else ()
        if operator in {"In", "NotIn"} and not values:
            raise self.fail((*path, "values"), f"at least one value for {operator}", list(values))
        if operator in {"Exists", "DoesNotExist"} and values:
            raise self.fail((*path, "values"), f"no values for {operator}", list(values))
        return Requirement(key, operator, values)


def to_manifest(policy: Policy) -> dict[str, Any]:
    """Return the manifest that says what a policy says."""
    spec: dict[str, Any] = {
        "podSelector": _selector_manifest(policy.selector),
        "policyTypes": sorted(direction.value for direction in policy.types),
    }
    if policy.ingress:
        spec["ingress"] = [_rule_manifest(rule, "from") for rule in policy.ingress]
    if policy.egress:
        spec["egress"] = [_rule_manifest(rule, "to") for rule in policy.egress]
    metadata = {"name": policy.name, "namespace": policy.namespace}
    return {"apiVersion": API_VERSION, "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _rule_manifest(rule: Rule, peers_key: str) -> dict[str, Any]:
    manifest: dict[str, Any] = {}
    if rule.peers:
        manifest[peers_key] = [_peer_manifest(peer) for peer in rule.peers]
    if rule.ports:
        manifest["ports"] = [
            {"protocol": port.protocol}
            | ({} if port.port is None else {"port": port.port})
            | ({} if port.end is None else {"endPort": port.end})
            for port in rule.ports
        ]
    return manifest


def _peer_manifest(peer: Peer) -> dict[str, Any]:
    if peer.block is not None:
        block: dict[str, Any] = {"cidr": str(peer.block.cidr)}
        if peer.block.excepts:
            block["except"] = [str(hole) for hole in peer.block.excepts]
        return {"ipBlock": block}
    manifest = {}
    if peer.namespaces is not None:
        manifest["namespaceSelector"] = _selector_manifest(peer.namespaces)
    if peer.pods is not None:
        manifest["podSelector"] = _selector_manifest(peer.pods)
    return manifest


def _selector_manifest(selector: Selector) -> dict[str, Any]:
    expressions = [
        {"key": requirement.key, "operator": requirement.operator}
        | ({"values": list(requirement.values)} if requirement.values else {})
        for requirement in selector.requirements
    ]
    return {"matchExpressions": expressions} if expressions else {}
