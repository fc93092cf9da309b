"""Reads the intent file; an error names file, line and key."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.located import Reader, parse
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
    ip_address,
    port_spec,
    service_spec,
)
from harness.network.model import Requirement, Selector

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path as File

    from harness.located import Path
    from harness.network.model import Ip, Network

_TOP = {"governed", "settings", "endpoints", "allowed", "providers"}
_SETTINGS = {"pod-cidr", "node", "api-server", "internet", "metadata"}


def read_intent(path: File, provider: str = "", shown_as: str = "") -> Intent:
    """Read the intent file.

    Args:
        path: The file.
        provider: Whose entries under `providers` replace settings, governed namespaces and endpoints.
        shown_as: The file's name in messages.

    Raises:
        UserError: The file is missing.
        MappingError: It says something that cannot be meant.
    """
    name = shown_as or str(path)
    try:
        text = path.read_text()
    except OSError as error:
        raise UserError(
            f"{name}: expected an intent file, found {error.strerror}; name another with --intent"
        ) from None
    return parse_intent(text, name, provider)


def parse_intent(text: str, name: str, provider: str = "") -> Intent:
    """Read an intent file's text; see `read_intent`."""
    documents = parse(text, name)
    if len(documents) != 1:
        raise UserError(f"{name}: expected one YAML document, found {len(documents)}; see docs/network.md")
    return _IntentReader(documents[0]).intent(provider)


class _IntentReader(Reader):
    def intent(self, provider: str) -> Intent:
        top = self.mapping((), _TOP)
        for key in ("governed", "settings", "endpoints", "allowed"):
            if not top.get(key):
                raise self.fail((key,), f"{key} that say something", top.get(key), "see docs/network.md")
        roots: list[Path] = [()]
        if "providers" in top:
            self.mapping(("providers",), set(top["providers"] or {}))
            if provider in (top["providers"] or {}):
                roots.append(("providers", provider))
                self.mapping(("providers", provider), {"governed", "settings", "endpoints"})
        settings = self._settings(roots)
        last = next(root for root in reversed(roots) if "governed" in self.mapping(root, _TOP))
        governed = tuple(self.text(item) for item in self.items((*last, "governed")))
        endpoints: dict[str, EndpointSpec] = {}
        for root in roots:
            section = self.mapping(root, _TOP)
            named = section.get("endpoints") or {}
            for key in self.mapping((*root, "endpoints"), set(named)) if named else ():
                endpoints[key] = self._endpoint((*root, "endpoints", key), str(key), settings)
        allowed = tuple(self._allowed(path, endpoints) for path in self.items(("allowed",)))
        return Intent(
            governed, self._cidr(("settings", "pod-cidr"), settings["pod-cidr"]), endpoints, allowed, self.document.file
        )

    def _settings(self, roots: list[Path]) -> Mapping[str, str]:
        settings: dict[str, str] = {}
        for root in roots:
            if root and "settings" not in self.mapping(root, _TOP):
                continue
            path = (*root, "settings")
            settings |= {key: self.text((*path, key)) for key in self.mapping(path, _SETTINGS)}
        for key in sorted(_SETTINGS - settings.keys()):
            raise self.fail(("settings",), f"a setting {key}", sorted(settings), "see docs/network.md")
        return settings

    def _endpoint(self, path: Path, name: str, settings: Mapping[str, str]) -> EndpointSpec:
        kinds = {kind.value for kind in Kind}
        fields = self.mapping(path, kinds | {"listens", "closed", "services"})
        named = [kind for kind in Kind if kind.value in fields]
        if len(named) != 1:
            found = [kind.value for kind in named]
            raise self.fail(path, f"exactly one of {', '.join(sorted(kinds))}", found)
        kind = named[0]
        if kind in CLASSES and len(fields) > 1:
            raise self.fail(path, f"{kind.value} alone, as it is only a class", sorted(fields))
        where = (*path, kind.value)
        namespace, labels, ip, cidr = "", None, None, None
        if kind in POD_KINDS:
            namespace, labels = self._pods(where)
        elif kind is Kind.OUTSIDERS:
            cidr = self._cidr(where, self.text(where))
        else:
            ip = self._ip(where, settings)
        return EndpointSpec(
            name=name,
            kind=kind,
            place=self.document.place(*path),
            namespace=namespace,
            labels=labels,
            selector=Selector(tuple(Requirement(key, "In", (value,)) for key, value in (labels or {}).items())),
            ip=ip,
            cidr=cidr,
            listens=self._ports((*path, "listens")) if "listens" in fields else (),
            closed=self._ports((*path, "closed")) if "closed" in fields else (),
            services=self._services((*path, "services")) if "services" in fields else (),
        )

    def _pods(self, path: Path) -> tuple[str, dict[str, str]]:
        fields = self.mapping(path, {"namespace", "labels"})
        if "namespace" not in fields:
            raise self.fail(path, "a namespace", fields)
        labels_path = (*path, "labels")
        labels = self.mapping(labels_path, set(fields.get("labels") or {})) if "labels" in fields else {}
        return self.text((*path, "namespace")), {str(key): self.text((*labels_path, key)) for key in labels}

    def _ip(self, path: Path, settings: Mapping[str, str]) -> Ip:
        text = self.text(path)
        ip = ip_address(settings.get(text, text))
        if ip is None:
            raise self.fail(
                path, f"an address or one of the settings {', '.join(sorted(_SETTINGS - {'pod-cidr'}))}", text
            )
        return ip

    def _cidr(self, path: Path, text: str) -> Network:
        try:
            return ipaddress.ip_network(text)
        except ValueError:
            raise self.fail(path, "a range of addresses such as 10.244.0.0/16", text) from None

    def _ports(self, path: Path) -> tuple[PortSpec, ...]:
        ports = []
        for item in self.items(path):
            port = port_spec(self.text(item))
            if port is None:
                raise self.fail(item, "a port such as 8080/TCP", self.text(item))
            ports.append(port)
        return tuple(ports)

    def _services(self, path: Path) -> tuple[ServiceSpec, ...]:
        services = []
        for item in self.items(path):
            service = service_spec(self.text(item))
            if service is None:
                raise self.fail(item, "a Service such as db.ballotbox:5432 -> 5432/TCP", self.text(item))
            services.append(service)
        return tuple(services)

    def _allowed(self, path: Path, endpoints: Mapping[str, EndpointSpec]) -> Allowed:
        fields = self.mapping(path, {"from", "to", "ports", "reason"})
        for key in ("from", "to", "ports", "reason"):
            if not fields.get(key):
                raise self.fail(path, f"a value for {key}", sorted(fields))
        sources = self._names((*path, "from"), endpoints)
        for name in sources:
            if endpoints[name].kind not in SOURCES | CLASSES | {Kind.ADDRESS, Kind.SYSTEM}:
                raise self.fail((*path, "from"), "an endpoint that can open connections", name)
        every = fields["ports"] == "any"
        return Allowed(
            sources=sources,
            destinations=self._names((*path, "to"), endpoints),
            ports=None if every else self._ports((*path, "ports")),
            reason=self.text((*path, "reason")),
            place=self.document.place(*path),
        )

    def _names(self, path: Path, endpoints: Mapping[str, EndpointSpec]) -> tuple[str, ...]:
        names = []
        for item in self.items(path):
            name = self.text(item)
            if name not in endpoints:
                raise self.fail(item, f"one of the endpoints {', '.join(endpoints)}", name)
            if endpoints[name].kind is Kind.SCRATCH:
                raise self.fail(item, "an endpoint that outlives the run", name, "name a class of `pods` instead")
            names.append(name)
        return tuple(names)
