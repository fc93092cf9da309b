"""Breaks manifests, one hardening field at a time: what is guarded, by which rule, and how it goes wrong."""

# ruff: noqa: FBT003  # booleans are the data here

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.policy.model import Field, Subject, SubjectSet
from harness.policy.wrapping import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_GONE = object()
_LONG_RUNNING = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"}


@dataclass(frozen=True)
class Guard:
    """A field, the values that break it, and the rules of which one must say so.

    Attributes:
        field: Its path below the pod's spec, the container, or the object.
        rules: Their ids.
        wrong: Values to set; they are set where the field is absent as well.
        must_be_there: Whether leaving it out, or null, breaks it too.
    """

    field: Field
    rules: frozenset[str]
    wrong: tuple[Any, ...] = ()
    must_be_there: bool = True


def _guard(field: str, rules: str, *wrong: Any, must_be_there: bool = True) -> Guard:
    return Guard(tuple(field.split(".")), frozenset(rules.split()), wrong, must_be_there)


_UNCONFINED = {"type": "Unconfined"}
POD = (
    _guard("securityContext", "PSS-RUN-AS-NON-ROOT PSS-SECCOMP WL-UID", "none"),
    _guard("securityContext.runAsNonRoot", "PSS-RUN-AS-NON-ROOT", False, "true"),
    _guard("securityContext.runAsUser", "PSS-RUN-AS-USER WL-UID", 0, 1, "1000"),
    _guard("securityContext.runAsGroup", "WL-UID", 0, 1, "1000"),
    _guard("securityContext.seccompProfile", "PSS-SECCOMP", {}, "RuntimeDefault"),
    _guard("securityContext.seccompProfile.type", "PSS-SECCOMP", "Unconfined", ""),
    _guard("securityContext.sysctls", "PSS-SYSCTLS", [{"name": "kernel.msgmax", "value": "1"}], must_be_there=False),
    _guard("securityContext.seLinuxOptions", "PSS-SELINUX", {"type": "spc_t"}, {"user": "u"}, must_be_there=False),
    _guard("securityContext.appArmorProfile", "PSS-APPARMOR", _UNCONFINED, must_be_there=False),
    _guard("securityContext.windowsOptions", "PSS-WINDOWS-HOST-PROCESS", {"hostProcess": True}, must_be_there=False),
    _guard("automountServiceAccountToken", "WL-TOKEN", True, "false"),
    _guard("serviceAccountName", "WL-SERVICE-ACCOUNT", "default", ""),
    _guard("hostNetwork", "PSS-HOST-NAMESPACES", True, "false", must_be_there=False),
    _guard("hostPID", "PSS-HOST-NAMESPACES", True, must_be_there=False),
    _guard("hostIPC", "PSS-HOST-NAMESPACES", True, must_be_there=False),
    _guard("hostUsers", "WL-SHAPE", "false", must_be_there=False),
    _guard("volumes", "PSS-VOLUME-TYPES", [{"name": "v", "hostPath": {"path": "/"}}], must_be_there=False),
    _guard("volumes", "WL-HOST-PATH", [{"name": "v", "hostPath": {"path": "/"}}], must_be_there=False),
    _guard("containers", "WL-SHAPE", [], "none"),
)
CONTAINER = (
    _guard("securityContext", "PSS-CAPABILITIES PSS-PRIVILEGE-ESCALATION WL-READ-ONLY-ROOT", {}, "none"),
    _guard("securityContext.allowPrivilegeEscalation", "PSS-PRIVILEGE-ESCALATION", True, "false"),
    _guard("securityContext.readOnlyRootFilesystem", "WL-READ-ONLY-ROOT", False, "true"),
    _guard("securityContext.capabilities", "PSS-CAPABILITIES", {}, []),
    _guard("securityContext.capabilities.drop", "PSS-CAPABILITIES", [], ["NET_RAW"], "ALL"),
    _guard("securityContext.capabilities.add", "PSS-CAPABILITIES", ["NET_RAW"], ["ALL"], must_be_there=False),
    _guard("securityContext.privileged", "PSS-PRIVILEGED", True, "false", must_be_there=False),
    _guard("securityContext.procMount", "PSS-PROC-MOUNT", "Unmasked", must_be_there=False),
    _guard("securityContext.runAsNonRoot", "PSS-RUN-AS-NON-ROOT", False, must_be_there=False),
    _guard("securityContext.runAsUser", "PSS-RUN-AS-USER", 0, must_be_there=False),
    _guard("securityContext.seccompProfile", "PSS-SECCOMP", _UNCONFINED, must_be_there=False),
    _guard("securityContext.appArmorProfile", "PSS-APPARMOR", _UNCONFINED, must_be_there=False),
    _guard("securityContext.seLinuxOptions", "PSS-SELINUX", {"role": "r"}, must_be_there=False),
    _guard("securityContext.windowsOptions", "PSS-WINDOWS-HOST-PROCESS", {"hostProcess": True}, must_be_there=False),
    _guard("ports", "PSS-HOST-PORTS", [{"containerPort": 80, "hostPort": 80}], must_be_there=False),
    _guard("lifecycle", "PSS-HOST-PROBES", {"preStop": {"httpGet": {"host": "h", "port": 1}}}, must_be_there=False),
    _guard("image", "IMG-TAG", "registry.example/image", "registry.example/image:latest"),
    _guard("env", "SEC-ENV", [{"name": "DB_PASSWORD", "value": "hunter2"}], must_be_there=False),
    _guard("args", "SEC-COMMAND", ["--password=hunter2"], must_be_there=False),
    _guard("resources", "WL-REQUESTS WL-LIMITS", {}, "none"),
    *(
        _guard(f"resources.{kind}{resource}", rule, "none")
        for kind, rule in (("requests", "WL-REQUESTS"), ("limits", "WL-LIMITS"))
        for resource in ("", ".cpu", ".memory")
    ),
)
LONG_RUNNING = (
    _guard("livenessProbe", "WL-LIVENESS", {}, "none"),
    _guard("readinessProbe", "WL-READINESS", {}, "none"),
)
PRODUCTION = (_guard("image", "IMG-CONTENT", "registry.example/image:1.2.3"),)
_PSA = ("enforce", "audit", "warn")
OBJECTS: Mapping[str, tuple[Guard, ...]] = {
    "Namespace": tuple(
        Guard(
            ("metadata", "labels", f"pod-security.kubernetes.io/{mode}{suffix}"),
            frozenset({"WL-NAMESPACE-LEVEL"}),
            (wrong,),
        )
        for mode in _PSA
        for suffix, wrong in (("", "privileged"), ("-version", "latest"))
    ),
    "NetworkPolicy": (
        _guard("spec.podSelector", "NET-DEFAULT-DENY NET-OWN-POLICY", {"matchLabels": {"nobody": "wears-this"}}),
        _guard("spec.ingress", "NET-EMPTY-PEER", [{}], [{"from": [{}]}], must_be_there=False),
        _guard(
            "spec.egress", "NET-EMPTY-PEER", [{"to": []}], [{"to": [{"namespaceSelector": {}}]}], must_be_there=False
        ),
        _guard("spec.egress", "NET-EGRESS-WORLD", [{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}], must_be_there=False),
    ),
    "PodDisruptionBudget": (
        _guard("spec", "WL-DISRUPTION-BUDGET", {}),
        _guard("spec.selector", "WL-DISRUPTION-BUDGET", {}, {"matchLabels": {"nobody": "wears-this"}}),
    ),
    "ResourceQuota": (_guard("spec.hard", "WL-QUOTA", {}),),
    "LimitRange": (_guard("spec.limits", "WL-QUOTA", []),),
    "Ingress": (
        _guard("spec.ingressClassName", "ING-CLASS", ""),
        _guard("spec.rules", "ING-HOST", [], [{"host": "*.com"}], [{"host": ""}]),
        _guard(
            "spec.defaultBackend",
            "ING-HOST",
            {"service": {"name": "vote", "port": {"number": 80}}},
            must_be_there=False,
        ),
        _guard(
            "metadata.annotations",
            "ING-SNIPPET",
            {"nginx.ingress.kubernetes.io/server-snippet": "x"},
            must_be_there=False,
        ),
    ),
    "ConfigMap": (_guard("data", "SEC-CONFIGMAP", {"password": "hunter2"}, must_be_there=False),),
}


@dataclass(frozen=True)
class Mutant:
    """One broken set.

    Attributes:
        what: The object, the field and what was done to it, in words.
        rules: The rules of which one must refuse it.
        changed: The broken set.
        original: The set as it was, with the same subjects, for comparison.
        id: The id of the subject that was broken.
    """

    what: str
    rules: frozenset[str]
    changed: SubjectSet
    original: SubjectSet
    id: int


def of_set(one: SubjectSet, seen: set[str]) -> Iterator[Mutant]:
    """Yield the mutants of a set's objects.

    Args:
        one: The set.
        seen: Objects of which mutants were made before, as text; overlays share most of theirs.
    """
    for subject in one.of_type("object"):
        workload = subject.kind in TEMPLATES
        key = json.dumps([one.production, subject.data], sort_keys=True, default=str)
        if key in seen:
            continue
        seen.add(key)
        # Rules that look at a workload look at no other; those that look at a policy look at every workload.
        context = one.of_type("object") if not workload else tuple(_beside(one, subject))
        original = SubjectSet(one.name, context, one.level, one.production)
        guards = _workload_guards(subject, production=one.production) if workload else _object_guards(subject, one)
        for base, guard in guards:
            for did, data in _broken(subject.data, (*base, *guard.field), guard):
                what = f"{one.name}: {subject}: {'.'.join(map(str, (*base, *guard.field)))} {did}"
                yield Mutant(what, guard.rules, _with(original, subject, data), original, subject.id)
        if subject.kind in _WHOLE:
            yield Mutant(
                f"{one.name}: {subject} removed",
                _WHOLE[subject.kind],
                _with(original, subject, None),
                original,
                subject.id,
            )


_WHOLE = {
    "NetworkPolicy": frozenset({"NET-DEFAULT-DENY", "NET-OWN-POLICY"}),
    "PodDisruptionBudget": frozenset({"WL-DISRUPTION-BUDGET"}),
    "ResourceQuota": frozenset({"WL-QUOTA"}),
    "LimitRange": frozenset({"WL-QUOTA"}),
    "Service": frozenset({"ING-BACKEND"}),
}


# What rules look up when they judge a workload.
_LOOKED_UP = {"Namespace", "NetworkPolicy", "PodDisruptionBudget"}


def _beside(one: SubjectSet, subject: Subject) -> Iterator[Subject]:
    for other in one.of_type("object"):
        if other.id == subject.id or other.kind in _LOOKED_UP:
            yield other


def _workload_guards(subject: Subject, *, production: bool) -> Iterator[tuple[Field, Guard]]:
    spec_path = (*TEMPLATES[subject.kind], "spec")
    yield (), _guard("metadata.namespace", "WL-NAMESPACE", "default")
    for guard in POD:
        yield spec_path, guard
    spec = _at(subject.data, spec_path) or {}
    if subject.kind in _LONG_RUNNING and (subject.data["spec"].get("replicas") or 1) > 1:
        yield spec_path, _guard("topologySpreadConstraints", "WL-SPREAD", [])
    for list_name in ("initContainers", "containers"):
        for index in range(len(spec.get(list_name) or [])):
            path = (*spec_path, list_name, index)
            for guard in CONTAINER + (PRODUCTION if production else ()):
                yield path, guard
            if list_name == "containers" and subject.kind in _LONG_RUNNING:
                for guard in LONG_RUNNING:
                    yield path, guard


def _object_guards(subject: Subject, one: SubjectSet) -> Iterator[tuple[Field, Guard]]:
    for guard in OBJECTS.get(subject.kind, ()):
        yield (), guard
    if subject.kind == "Ingress" and one.production:
        yield (), _guard("spec.tls", "ING-TLS", [])
    selects_all = subject.kind == "NetworkPolicy" and _at(subject.data, ("spec", "podSelector")) == {}
    if selects_all and not any(_at(subject.data, ("spec", side)) for side in ("ingress", "egress")):
        yield (), _guard("spec.policyTypes", "NET-DEFAULT-DENY", ["Ingress"], ["Egress"], [])


def _broken(data: Any, field: Field, guard: Guard) -> Iterator[tuple[str, Any]]:
    present = _at(data, field) is not None
    if guard.must_be_there and present:
        yield "removed", _set(data, field, _GONE)
        yield "nulled", _set(data, field, None)
    for value in guard.wrong:
        if (present or not guard.must_be_there) and _at(data, field) != value:
            yield f"set to {json.dumps(value)}", _set(data, field, value)


def _at(data: Any, field: Field) -> Any:
    for step in field:
        data = data[step] if isinstance(step, int) or (isinstance(data, dict) and step in data) else None
    return data


def _set(data: Any, field: Field, value: Any) -> Any:
    changed = copy.deepcopy(data)
    parent = changed
    for step in field[:-1]:
        if isinstance(step, str) and parent.get(step) is None:
            parent[step] = {}
        parent = parent[step]
    if value is _GONE:
        del parent[field[-1]]
    else:
        parent[field[-1]] = value
    return changed


def _with(original: SubjectSet, subject: Subject, data: Any) -> SubjectSet:
    subjects = []
    for other in original.subjects:
        if other.id != subject.id:
            subjects.append(other)
        elif data is not None:
            subjects.append(Subject(other.id, other.type, other.kind, other.namespace, other.name, data, other.place))
    return SubjectSet(original.name, tuple(subjects), original.level, original.production)
