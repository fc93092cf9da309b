"""The evaluator against Kubernetes' own end-to-end cases, a second evaluator, and laws that always hold."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.located import parse
from harness.network.evaluator import FROM_ITS_NODE, HOST_NETWORK, WITHIN_POD, Evaluator, verdict
from harness.network.model import NAME_LABEL, Address, Direction, Flow, NamedPort, Pod, Policy
from harness.network.policies import read_policies, to_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from harness.network.model import Endpoint, Protocol

CASES = yaml.safe_load(Path(__file__).with_name("upstream_cases.yaml").read_text())
NAMESPACES = ("x", "y", "z")
NAMES = ("a", "b", "c")


def _pod(namespace: str, name: str, **labels: str) -> Pod:
    ip = ipaddress.ip_address(f"10.0.{NAMESPACES.index(namespace)}.{NAMES.index(name)}")
    named = tuple(
        NamedPort(f"serve-{port}-{protocol.lower()}", port, protocol)
        for port in (80, 81)
        for protocol in ("TCP", "UDP", "SCTP")
    )
    # A node each: nobody is exempt for being on its pod's node.
    return Pod(
        f"{namespace}/{name}", namespace, {"pod": name, **labels}, {NAME_LABEL: namespace}, ip, named, f"node-{ip}"
    )


PODS = {f"{namespace}/{name}": _pod(namespace, name) for namespace in NAMESPACES for name in NAMES}


def _policies(specs: list[dict[str, Any]]) -> tuple[Policy, ...]:
    manifests = [
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": f"policy-{index}", "namespace": spec["namespace"]},
            "spec": {key: value for key, value in spec.items() if key != "namespace"},
        }
        for index, spec in enumerate(specs)
    ]
    return read_policies(parse(yaml.safe_dump_all(manifests), "case.yaml"))


def _expected(case: dict[str, Any]) -> dict[tuple[str, str], bool]:
    reach = dict.fromkeys([(source, target) for source in PODS for target in PODS], True)
    for word, allowed in (("blocked", False), ("allowed", True)):
        for line in case.get(word, []):
            source, target = line.split(" -> ")
            for pair in reach:
                if _means(source, pair[0]) and _means(target, pair[1]):
                    reach[pair] = allowed
    return reach | {(name, name): True for name in PODS}


def _means(pattern: str, name: str) -> bool:
    return all(part in {"*", actual} for part, actual in zip(pattern.split("/"), name.split("/"), strict=True))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_reachability_is_what_kubernetes_expects(case: dict[str, Any]) -> None:
    """All 81 pairs of nine pods come out as Kubernetes' own tests expect them."""
    evaluator = Evaluator(_policies(case["policies"]))
    protocol: Protocol = case.get("protocol", "TCP")
    seen = {
        (source, target): evaluator.verdict(Flow(PODS[source], PODS[target], case.get("port", 80), protocol)).allowed
        for source in PODS
        for target in PODS
    }
    assert seen == _expected(case)


DENY_ALL = _policies([{"namespace": "x", "podSelector": {}, "policyTypes": ["Ingress", "Egress"]}])


def test_traffic_within_a_pod_passes() -> None:
    """No policy stops a pod from calling itself, and the verdict says so."""
    seen = verdict(Flow(PODS["x/a"], PODS["x/a"], 80), DENY_ALL)
    assert seen.allowed
    assert seen.egress.exempt == seen.ingress.exempt == WITHIN_POD


def test_a_node_reaches_its_own_pods_and_no_others() -> None:
    """Deny-all does not stop a pod's own node; it does stop another node."""
    own = Address("own", ipaddress.ip_address("192.0.2.1"), node=PODS["x/a"].node)
    other = Address("other", ipaddress.ip_address("192.0.2.2"), node="elsewhere")
    assert verdict(Flow(own, PODS["x/a"], 80), DENY_ALL).ingress.exempt == FROM_ITS_NODE
    assert not verdict(Flow(other, PODS["x/a"], 80), DENY_ALL).allowed


def test_a_pod_does_not_reach_its_node() -> None:
    """The other way round a policy is asked."""
    own = Address("own", ipaddress.ip_address("192.0.2.1"), node=PODS["x/a"].node)
    assert not verdict(Flow(PODS["x/a"], own, 10250), DENY_ALL).allowed


def test_a_pod_on_its_nodes_network_is_not_judged() -> None:
    """Policies neither select a pod on the node's network nor know it by its labels."""
    host = Pod(
        "host", "x", {"pod": "b"}, {NAME_LABEL: "x"}, ipaddress.ip_address("192.0.2.1"), node="n", host_network=True
    )
    assert (
        verdict(Flow(host, Address("out", ipaddress.ip_address("198.51.100.1")), 80), DENY_ALL).egress.exempt
        == HOST_NETWORK
    )
    from_b = _policies([{"namespace": "x", "podSelector": {}, "ingress": [{"from": [{"podSelector": {}}]}]}])
    assert not verdict(Flow(host, PODS["x/a"], 80), from_b).allowed


def test_selectors_do_not_mean_addresses() -> None:
    """An empty pod and namespace selector is every pod, and no address."""
    policies = _policies(
        [{"namespace": "x", "podSelector": {}, "ingress": [{"from": [{"podSelector": {}, "namespaceSelector": {}}]}]}]
    )
    outside = Address("outside", ipaddress.ip_address("198.51.100.1"))
    assert not verdict(Flow(outside, PODS["x/a"], 80), policies).allowed


def test_a_verdict_names_what_decides_it() -> None:
    """An allowed flow names the rule's line, a blocked one the lines of the policies that isolate."""
    text = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: x
spec:
  podSelector: {}
  ingress:
    - from:
        - podSelector:
            matchLabels: {pod: b}
      ports:
        - port: 80
"""
    policies = read_policies(parse(text, "web.yaml"))
    allowed = verdict(Flow(PODS["x/b"], PODS["x/a"], 80), policies)
    assert [str(place) for place in allowed.places] == ["web.yaml:9"]
    assert "ingress: allowed by x/web at web.yaml:9" in str(allowed)
    blocked = verdict(Flow(PODS["x/b"], PODS["x/a"], 81), policies)
    assert [str(place) for place in blocked.places] == ["web.yaml:6"]
    assert "blocked, none of these allows it: x/web at web.yaml:6" in str(blocked)


# What follows compares with a second evaluator, written as plainly as the documentation reads and sharing no code with
# the first: it takes manifests, not parsed policies.


def _selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for each in selector.get("matchExpressions") or []:
        key, operator, values = each["key"], each["operator"], each.get("values", [])
        good = {
            "In": labels.get(key) in values,
            "NotIn": labels.get(key) not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[operator]
        if not good:
            return False
    return True


def _reference_side(manifests: Sequence[dict[str, Any]], side: str, me: Endpoint, other: Endpoint, flow: Flow) -> bool:
    if not isinstance(me, Pod):
        return True
    isolated = False
    for manifest in manifests:
        spec = manifest["spec"]
        types = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
        if side not in types or manifest["metadata"]["namespace"] != me.namespace:
            continue
        if not _selects(spec.get("podSelector") or {}, dict(me.labels)):
            continue
        isolated = True
        for rule in spec.get(side.lower()) or []:
            peers = rule.get("from" if side == "Ingress" else "to") or []
            ports = rule.get("ports") or []
            if (not peers or any(_reference_peer(peer, me.namespace, other) for peer in peers)) and (
                not ports or any(_reference_port(port, flow) for port in ports)
            ):
                return True
    return not isolated


def _reference_peer(peer: dict[str, Any], namespace: str, other: Endpoint) -> bool:
    if "ipBlock" in peer:
        block = peer["ipBlock"]
        inside = other.ip in ipaddress.ip_network(block["cidr"])
        return inside and all(other.ip not in ipaddress.ip_network(hole) for hole in block.get("except", []))
    if not isinstance(other, Pod):
        return False
    if "namespaceSelector" in peer:
        right_namespace = _selects(peer["namespaceSelector"], dict(other.namespace_labels))
    else:
        right_namespace = other.namespace == namespace
    return right_namespace and _selects(peer.get("podSelector") or {}, dict(other.labels))


def _reference_port(port: dict[str, Any], flow: Flow) -> bool:
    if port.get("protocol", "TCP") != flow.protocol:
        return False
    wanted = port.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        named = flow.destination.named_ports if isinstance(flow.destination, Pod) else ()
        return any(n.name == wanted and n.port == flow.port and n.protocol == flow.protocol for n in named)
    return bool(wanted <= flow.port <= port.get("endPort", wanted))


LABELS = st.dictionaries(st.sampled_from(["pod", "tier"]), st.sampled_from(["a", "b"]), max_size=2)
EXPRESSIONS = st.one_of(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        st.sampled_from(["pod", "tier"]),
        st.sampled_from(["In", "NotIn"]),
        st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=2, unique=True),
    ),
    st.builds(
        lambda key, operator: {"key": key, "operator": operator},
        st.sampled_from(["pod", "tier"]),
        st.sampled_from(["Exists", "DoesNotExist"]),
    ),
)
SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": LABELS, "matchExpressions": st.lists(EXPRESSIONS, max_size=2)}
)
NAMESPACE_SELECTORS = st.one_of(
    st.just({}), st.sampled_from(NAMESPACES).map(lambda name: {"matchLabels": {NAME_LABEL: name}}), SELECTORS
)
BLOCKS = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "10.0.0.0/8", "except": ["10.0.1.0/24"]},
        {"cidr": "10.0.0.0/24"},
        {"cidr": "198.51.100.0/24"},
    ]
)
PEERS = st.one_of(
    SELECTORS.map(lambda s: {"podSelector": s}),
    NAMESPACE_SELECTORS.map(lambda s: {"namespaceSelector": s}),
    st.tuples(SELECTORS, NAMESPACE_SELECTORS).map(lambda s: {"podSelector": s[0], "namespaceSelector": s[1]}),
    BLOCKS.map(lambda block: {"ipBlock": block}),
)
PORTS = st.one_of(
    st.fixed_dictionaries({"protocol": st.sampled_from(["TCP", "UDP", "SCTP"])}),
    st.fixed_dictionaries({"port": st.sampled_from([80, 81, "serve-80-tcp", "serve-81-udp", "no-such-port"])}),
    st.just({"port": 80, "endPort": 81, "protocol": "UDP"}),
)


def _rules(key: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    parts = {key: st.lists(PEERS, max_size=2), "ports": st.lists(PORTS, max_size=2)}
    return st.lists(st.fixed_dictionaries({}, optional=parts), max_size=2)


SPECS = st.fixed_dictionaries(
    {"podSelector": SELECTORS, "namespace": st.sampled_from(NAMESPACES)},
    optional={
        "policyTypes": st.sampled_from([["Ingress"], ["Egress"], ["Ingress", "Egress"], []]),
        "ingress": _rules("from"),
        "egress": _rules("to"),
    },
)
POLICY_LISTS = st.lists(SPECS, max_size=4)
ENDPOINTS: st.SearchStrategy[Endpoint] = st.one_of(
    st.builds(
        lambda namespace, name, tier: _pod(namespace, name, **tier),
        st.sampled_from(NAMESPACES),
        st.sampled_from(NAMES),
        st.sampled_from([{}, {"tier": "a"}, {"tier": "b"}]),
    ),
    st.just(Address("outside", ipaddress.ip_address("198.51.100.7"))),
)
FLOWS = st.builds(
    Flow, ENDPOINTS, ENDPOINTS, st.sampled_from([80, 81, 82]), st.sampled_from(["TCP", "UDP", "SCTP"])
).filter(lambda flow: flow.source is not flow.destination)


@settings(max_examples=300, deadline=None)
@given(POLICY_LISTS, FLOWS)
def test_the_evaluator_agrees_with_the_reference(specs: list[dict[str, Any]], flow: Flow) -> None:
    """Whatever the policies and the flow, both evaluators give one verdict, side by side."""
    manifests = [{"metadata": {"namespace": spec["namespace"]}, "spec": spec} for spec in specs]
    seen = Evaluator(_policies(specs)).verdict(flow)
    assert seen.egress.allowed == _reference_side(manifests, "Egress", flow.source, flow.destination, flow)
    assert seen.ingress.allowed == _reference_side(manifests, "Ingress", flow.destination, flow.source, flow)
    assert seen.allowed == (seen.egress.allowed and seen.ingress.allowed)


@settings(max_examples=100, deadline=None)
@given(POLICY_LISTS, FLOWS, SPECS)
def test_a_policy_that_selects_nothing_changes_nothing(
    specs: list[dict[str, Any]], flow: Flow, idle: dict[str, Any]
) -> None:
    """A policy whose selector no pod of the flow meets leaves every verdict as it was."""
    unmet = {**idle, "podSelector": {"matchLabels": {"nobody": "has-this"}}}
    before = Evaluator(_policies(specs)).verdict(flow)
    after = Evaluator(_policies([*specs, unmet])).verdict(flow)
    assert (before.egress.allowed, before.ingress.allowed) == (after.egress.allowed, after.ingress.allowed)


@settings(max_examples=200, deadline=None)
@given(POLICY_LISTS, FLOWS, SPECS)
def test_an_added_rule_blocks_nothing_unless_it_isolates_anew(
    specs: list[dict[str, Any]], flow: Flow, added: dict[str, Any]
) -> None:
    """A further policy never blocks what passed, except where it is the first to select the pod in that direction."""
    before, after = Evaluator(_policies(specs)).verdict(flow), Evaluator(_policies([*specs, added])).verdict(flow)
    for earlier, later in ((before.egress, after.egress), (before.ingress, after.ingress)):
        newly_isolated = not earlier.isolating and later.isolating
        assert later.allowed or not earlier.allowed or newly_isolated


@settings(max_examples=100, deadline=None)
@given(POLICY_LISTS, FLOWS, st.randoms(use_true_random=False))
def test_the_order_of_policies_does_not_matter(specs: list[dict[str, Any]], flow: Flow, random: Any) -> None:
    """Shuffled policies give the same verdict."""
    shuffled = list(specs)
    random.shuffle(shuffled)
    before, after = Evaluator(_policies(specs)).verdict(flow), Evaluator(_policies(shuffled)).verdict(flow)
    assert (before.egress.allowed, before.ingress.allowed) == (after.egress.allowed, after.ingress.allowed)


@settings(max_examples=100, deadline=None)
@given(POLICY_LISTS)
def test_a_policy_says_the_same_when_written_again(specs: list[dict[str, Any]]) -> None:
    """Reading what `to_manifest` writes gives the policy back, except that labels become expressions."""
    policies = _policies(specs)
    again = read_policies(parse(yaml.safe_dump_all([to_manifest(policy) for policy in policies]), "again.yaml"))
    assert again == policies


def test_directions_have_the_names_of_policy_types() -> None:
    """The enumeration is spelled as manifests spell it."""
    assert {direction.value for direction in Direction} == {"Ingress", "Egress"}
