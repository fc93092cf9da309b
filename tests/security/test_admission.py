"""The gate beside real admission: what the API server of the cluster says of the same pods."""

from __future__ import annotations

import copy
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from harness.network.api import Api, ApiError
from harness.policy.agreement import compare
from harness.policy.conformance import LEVELS, Fixture, fixtures_folder, judge, load
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.cluster.manager import Manager

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]

FORBIDDEN, INVALID = 403, 422
VERSION = "v1.37"
HARDENED: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "hardened"},
    "spec": {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [
            {
                "name": "app",
                "image": "registry.example/app:1",
                "resources": {
                    "requests": {"cpu": "1m", "memory": "1Mi"},
                    "limits": {"cpu": "1m", "memory": "8Mi"},
                },
                "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            }
        ],
    },
}
# One violation of each control: the path in the spec, the value, and the words of the API server.
VIOLATIONS: dict[str, tuple[tuple[str | int, ...], Any, str]] = {
    "allowPrivilegeEscalation": (
        ("containers", 0, "securityContext", "allowPrivilegeEscalation"),
        True,
        "allowPrivilegeEsc",
    ),
    "appArmorProfile": (("securityContext", "appArmorProfile"), {"type": "Unconfined"}, "forbidden AppArmor profile"),
    "capabilities": (("containers", 0, "securityContext", "capabilities"), {"drop": []}, "unrestricted capabilities"),
    "added capability": (
        ("containers", 0, "securityContext", "capabilities"),
        {"drop": ["ALL"], "add": ["NET_RAW"]},
        "unrestricted capabilities",
    ),
    "hostNetwork": (("hostNetwork",), True, "host namespaces"),
    "hostPID": (("hostPID",), True, "host namespaces"),
    "hostIPC": (("hostIPC",), True, "host namespaces"),
    "hostPath": (("volumes",), [{"name": "v", "hostPath": {"path": "/"}}], "restricted volume types"),
    "nfs": (("volumes",), [{"name": "v", "nfs": {"server": "s", "path": "/"}}], "restricted volume types"),
    "hostPort": (("containers", 0, "ports"), [{"containerPort": 80, "hostPort": 80}], "hostPort"),
    "probe host": (
        ("containers", 0, "livenessProbe"),
        {"httpGet": {"port": 1, "host": "10.0.0.1"}},
        "probe or lifecycle host",
    ),
    "privileged": (("containers", 0, "securityContext"), {"privileged": True}, "privileged"),
    "procMount": (("containers", 0, "securityContext", "procMount"), "Unmasked", "procMount"),
    "runAsNonRoot": (("securityContext", "runAsNonRoot"), False, "runAsNonRoot != true"),
    "runAsUser": (("securityContext", "runAsUser"), 0, "runAsUser=0"),
    "seLinux type": (("securityContext", "seLinuxOptions"), {"type": "spc_t"}, "seLinuxOptions"),
    "seccomp": (("securityContext", "seccompProfile"), {"type": "Unconfined"}, "seccompProfile"),
    "no seccomp": (("securityContext", "seccompProfile"), None, "seccompProfile"),
    "sysctl": (("securityContext", "sysctls"), [{"name": "kernel.msgmax", "value": "1"}], "forbidden sysctls"),
}


@pytest.fixture(scope="module")
def api(cluster: Manager) -> Api:
    """A connection to the cluster."""
    return Api(cluster.kubeconfig)


@pytest.fixture(scope="module")
def namespaces(api: Api) -> Iterator[dict[str, str]]:
    """A scratch namespace for each level, by level."""
    names: dict[str, str] = {level: f"policy-{level}" for level in LEVELS}
    for level, name in names.items():
        labels = {"pod-security.kubernetes.io/enforce": level, "pod-security.kubernetes.io/enforce-version": VERSION}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
        api.create("/api/v1/namespaces", body)
    accounts = [f"/api/v1/namespaces/{name}/serviceaccounts/default" for name in names.values()]

    def there() -> Seen:
        missing = [path for path in accounts if api.get(path) is None]
        return Seen(not missing, f"absent: {', '.join(missing)}")

    wait_for("the scratch namespaces' service accounts", there, timeout_s=60)
    yield names
    for name in names.values():
        api.delete(f"/api/v1/namespaces/{name}")


def create(api: Api, namespace: str, pod: dict[str, Any]) -> str:
    """Create a pod in dry run: nothing where admission lets it in, else its words; an invalid pod is "invalid: …"."""
    body = copy.deepcopy(pod)
    name = re.sub(r"[^a-z0-9-]+", "-", str(body["metadata"].get("name", "pod")).lower()).strip("-")
    body["metadata"] = {**body["metadata"], "name": name, "namespace": namespace}
    try:
        api.call("POST", f"/api/v1/namespaces/{namespace}/pods", body, query={"dryRun": "All"})
    except ApiError as error:
        if error.status == INVALID:
            return f"invalid: {error}"
        if error.status == FORBIDDEN and "violates PodSecurity" in str(error):
            return str(error)
        raise
    return ""


@pytest.mark.parametrize("level", LEVELS)
def test_gate_and_admission_agree_about_every_official_fixture(
    api: Api, namespaces: dict[str, str], level: str
) -> None:
    """For each official pod the gate's verdict is the API server's; pods that are invalid anyway are few."""
    fixtures = [fixture for fixture in load(fixtures_folder()) if fixture.level == level]
    refused = {
        case.fixture.name + str(case.fixture.allowed): bool(case.rules)
        for case in judge(fixtures)
        if case.kind == "Pod"
    }
    said = {_key(fixture): create(api, namespaces[level], fixture.pod) for fixture in fixtures}
    invalid = [key for key, words in said.items() if words.startswith("invalid")]
    differ = [key for key, words in said.items() if key not in invalid and bool(words) != refused[key]]
    assert differ == []
    assert Counter(bool(words) for key, words in said.items() if key not in invalid).keys() == {True, False}
    assert len(invalid) < len(said) / 5, invalid


def _key(fixture: Fixture) -> str:
    return fixture.name + str(fixture.allowed)


def test_a_hardened_pod_is_let_in(api: Api) -> None:
    """Without this, every refusal below could be of something else."""
    assert create(api, "ballotbox", HARDENED) == ""


@pytest.mark.parametrize("violation", VIOLATIONS)
def test_each_violation_is_refused_by_admission_and_gate(api: Api, violation: str) -> None:
    """In the application's own namespace, with the control's own words; the gate refuses the same pod."""
    path, value, words = VIOLATIONS[violation]
    pod = copy.deepcopy(HARDENED)
    if violation == "procMount":
        pod["spec"]["hostUsers"] = False  # without, validation refuses it before admission is asked
    parent = pod["spec"]
    for step in path[:-1]:
        parent = parent[step]
    parent[path[-1]] = value
    said = create(api, "ballotbox", pod)
    # An API server that allows no privileged pods at all says so before Pod Security is asked.
    if not (violation == "privileged" and "disallowed by cluster policy" in said):
        assert 'violates PodSecurity "restricted:v1.37"' in said
        assert words in said
    comparison = compare([pod])
    assert comparison.disagreements == ()
    assert comparison.admitted["restricted"] == 0


def test_an_ephemeral_container_cannot_smuggle_root_in(api: Api) -> None:
    """A running pod of ours takes no weaker container beside its own."""
    (pod, *_) = api.items("/api/v1/namespaces/ballotbox/pods", {"app.kubernetes.io/name": "vote"})
    path = f"/api/v1/namespaces/ballotbox/pods/{pod['metadata']['name']}/ephemeralcontainers"
    body = {
        "spec": {
            "ephemeralContainers": [
                {"name": "smuggler", "image": "registry.example/x:1", "securityContext": {"runAsNonRoot": False}}
            ]
        }
    }
    with pytest.raises(ApiError, match="violates PodSecurity"):
        api.call("PATCH", path, body, query={"dryRun": "All"}, content_type="application/strategic-merge-patch+json")
