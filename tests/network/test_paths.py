"""Every network path of the running platform, allowed and blocked: declared, computed and tried."""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from harness import paths
from harness.errors import UserError
from harness.network.api import STRATEGIC_MERGE, Api, ApiError
from harness.network.check import Cluster, check_live, require_same_policies
from harness.network.command import INTENT
from harness.network.compare import Status
from harness.network.enforcement import check_enforcement
from harness.network.image import probe_image
from harness.network.intent_reader import read_intent
from harness.network.model import Pod
from harness.network.overlay import declared_of, overlay_of
from harness.network.population import Resident
from harness.network.report.write import write
from harness.network.result import LIMIT_PROBING_S
from harness.network.universal import pod_manifest, prove

if TYPE_CHECKING:
    from harness.cluster.manager import Manager
    from harness.network.compare import Outcome
    from harness.network.declared import Declared
    from harness.network.intent import Intent
    from harness.network.result import Run

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def intent(cluster: Manager) -> Intent:
    """Give the intent table as the cluster's provider has it."""
    return read_intent(INTENT, overlay_of(cluster.provider), "tests/network/intent.yaml")


@pytest.fixture(scope="module")
def declared(cluster: Manager) -> Declared:
    """Give the manifests that the cluster runs."""
    return declared_of(overlay_of(cluster.provider))


@pytest.fixture(scope="module")
def run(cluster: Manager, intent: Intent, declared: Declared) -> Run:
    """Try every path once, and keep the reports."""
    tried = Cluster(cluster.provider, cluster.kubeconfig, probe_image(cluster))
    run = check_live(overlay_of(cluster.provider), intent, declared, tried)
    write(run, paths.REPORTS / "network")
    return run


def _outcome(run: Run, name: str) -> Outcome:
    return next(outcome for outcome in run.outcomes if outcome.cell.id == name)


def test_every_path_is_as_intended(run: Run) -> None:
    """Intent, evaluator and probe agree on every flow of the full matrix."""
    assert run.failures == []
    assert run.counts["agreed"] == len(run.outcomes) >= 300


def test_every_source_and_protocol_is_tried(run: Run) -> None:
    """Every row of the table was tried from, over TCP and over UDP, to listening and to closed ports."""
    rows = "vote result worker redis postgres nameless impostor elsewhere node"
    assert set(rows.split()) <= set(run.sources)
    kinds = {(outcome.cell.target.port.protocol, outcome.cell.target.listening) for outcome in run.outcomes}
    assert kinds == {("TCP", True), ("TCP", False), ("UDP", True), ("UDP", False)}


def test_probing_is_quick(run: Run) -> None:
    """All flows are tried within the bar."""
    assert run.probing_s is not None
    assert run.probing_s <= LIMIT_PROBING_S


def test_every_blocked_path_has_a_witness(run: Run) -> None:
    """A timeout counts only because the same target answered somebody else in the same run."""
    blocked = [outcome for outcome in run.outcomes if outcome.answer and outcome.answer.verdict == "timeout"]
    assert len(blocked) > 200
    assert all(outcome.witness and outcome.witness != outcome.cell.source for outcome in blocked)


@pytest.mark.parametrize(
    ("flow", "verdict"),
    [
        ("vote -> redis:6379/TCP", "open"),
        ("vote -> redis:6379/TCP by redis", "open"),
        ("worker -> postgres:5432/TCP by db", "open"),
        ("result -> postgres:5432/TCP", "open"),
        ("vote -> dns:53/UDP", "open"),
        ("vote -> dns:53/TCP", "open"),
        ("vote -> postgres:5432/TCP", "timeout"),
        ("result -> redis:6379/TCP", "timeout"),
        ("redis -> internet:443/TCP", "timeout"),
        ("postgres -> internet:443/TCP", "timeout"),
        ("vote -> api-server:443/TCP by kubernetes", "timeout"),
        ("worker -> node:10250/TCP", "timeout"),
        ("vote -> metadata:80/TCP", "timeout"),
        ("elsewhere -> vote:8080/TCP", "timeout"),
        ("impostor -> postgres:5432/TCP", "timeout"),
        ("nameless -> redis:6379/TCP", "timeout"),
        ("node -> vote:8081/TCP", "refused"),
        ("elsewhere -> internet:80/TCP", "open"),
    ],
)
def test_the_promises_of_the_issue_hold_one_by_one(run: Run, flow: str, verdict: str) -> None:
    """The paths that the platform promises to allow or to block were seen to be so."""
    outcome = _outcome(run, flow)
    assert outcome.answer is not None
    assert outcome.answer.verdict == verdict
    assert outcome.status is Status.AGREED


def test_a_live_mutant_of_every_policy_is_noticed_and_put_back(
    run: Run, cluster: Manager, intent: Intent, declared: Declared
) -> None:
    """Each policy was broken once, the probe saw it, and the cluster has the declared policies again."""
    assert {fate.mutant.original.key for fate in run.live} == {policy.key for policy in declared.policies}
    assert all(fate.noticed_s is not None and fate.seen != fate.before for fate in run.live)
    require_same_policies(Api(cluster.kubeconfig), intent, declared.policies)


def test_policies_act_soon_and_starting_pods_leak_nothing(run: Run) -> None:
    """A new policy acts within two seconds, and a pod's first packets are already judged."""
    assert run.enforcement is not None
    assert 0 <= run.enforcement.created_ms < 2000
    assert 0 <= run.enforcement.deleted_ms < 2000
    assert not run.enforcement.leaks_at_start


def test_nothing_is_left_behind(run: Run, cluster: Manager) -> None:
    """Scratch pods and namespaces are gone or on their way out."""
    assert run.outcomes
    namespaces = cluster.kubectl(["get", "namespaces", "-l", "ballotbox.example/scratch=network"])["items"]
    assert all(item["status"]["phase"] == "Terminating" for item in namespaces)
    pods = cluster.kubectl(["get", "pods", "-A", "-l", "ballotbox.example/scratch=network"])["items"]
    ours = [pod["metadata"] for pod in pods if pod["metadata"]["namespace"] in {"ballotbox", "ingress"}]
    assert all("deletionTimestamp" in metadata for metadata in ours)


def test_a_drifted_policy_is_named(cluster: Manager, intent: Intent, declared: Declared) -> None:
    """A cluster that does not run what was declared is not judged at all."""
    changed = tuple(replace(policy, ingress=()) if policy.name == "redis" else policy for policy in declared.policies)
    with pytest.raises(UserError, match=r"ballotbox/redis: expected in the cluster what the manifests declare"):
        require_same_policies(Api(cluster.kubeconfig), intent, changed)
    fewer = tuple(policy for policy in declared.policies if policy.name != "vote")
    with pytest.raises(UserError, match=r"ballotbox/vote: .* found one that they do not declare"):
        require_same_policies(Api(cluster.kubeconfig), intent, fewer)


def test_a_counterexamples_manifest_applies(cluster: Manager, intent: Intent, declared: Declared) -> None:
    """The pods of a counterexample pass admission, Pod Security included, exactly as printed."""
    postgres = next(policy for policy in declared.policies if policy.name == "postgres")
    opened = replace(postgres, ingress=tuple(replace(rule, peers=()) for rule in postgres.ingress))
    wide = tuple(opened if policy is postgres else policy for policy in declared.policies)
    found = prove(wide, intent, declared.namespaces).counterexamples
    example = next(
        each
        for each in found
        if isinstance(each.flow.source, Pod) and each.flow.source.namespace == "ballotbox" and not each.intended
    )
    manifest = pod_manifest(example, probe_image(cluster))
    said = cluster.kubectl(["apply", "--dry-run=server", "-f", "-"], as_dict=False, stdin=manifest)
    assert "pod/counterexample-source created (server dry run)" in said
    assert "pod/counterexample-destination created (server dry run)" in said


def test_an_ephemeral_container_with_more_rights_is_refused(cluster: Manager) -> None:
    """The namespace is really restricted: the probe gets in because it asks for nothing, not because nobody looks."""
    api = Api(cluster.kubeconfig)
    pod = api.items("/api/v1/namespaces/ballotbox/pods", {"app.kubernetes.io/name": "vote"})[0]["metadata"]["name"]
    container = {
        "name": "greedy",
        "image": "ballotbox/probe",
        "securityContext": {"capabilities": {"add": ["NET_ADMIN"]}},
    }
    path = f"/api/v1/namespaces/ballotbox/pods/{pod}/ephemeralcontainers"
    with pytest.raises(ApiError, match="violates PodSecurity"):
        api.call("PATCH", path, {"spec": {"ephemeralContainers": [container]}}, content_type=STRATEGIC_MERGE)


ALLOW_ALL = """\
apiVersion: crd.projectcalico.org/v1
kind: GlobalNetworkPolicy
metadata:
  name: unenforced
spec:
  order: 1
  namespaceSelector: projectcalico.org/name == "ballotbox-canary"
  types: [Ingress, Egress]
  ingress: [{action: Allow}]
  egress: [{action: Allow}]
"""


def test_a_cluster_that_does_not_enforce_policies_is_found_out(cluster: Manager) -> None:
    """Where something lets everything pass before NetworkPolicies are asked, the canary stops the run."""
    if cluster.provider != "embedded":
        pytest.skip("the way to switch enforcement off is this provider's Calico")
    cluster.kubectl(["apply", "-f", "-"], as_dict=False, stdin=ALLOW_ALL)
    try:
        with pytest.raises(UserError, match="this cluster's CNI does not enforce NetworkPolicy"):
            check_enforcement(Api(cluster.kubeconfig), probe_image(cluster), NOBODY)
    finally:
        cluster.kubectl(["delete", "globalnetworkpolicies.crd.projectcalico.org", "unenforced"], as_dict=False)


NOBODY = Resident("nowhere", "nobody", ipaddress.ip_address("192.0.2.1"))
