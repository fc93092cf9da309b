"""The universal check: the intent is proved for every pod that could exist, or a pod is found that breaks it."""

from __future__ import annotations

import ipaddress
import itertools
from typing import TYPE_CHECKING

import pytest
import yaml

from harness.network.classes import FRESH, classes
from harness.network.declared import read_declared
from harness.network.evaluator import Evaluator
from harness.network.model import NAME_LABEL, Direction, Flow, Pod
from harness.network.universal import Masks, pod_manifest, prove

from .conftest import POLICIES, WORKLOADS

if TYPE_CHECKING:
    from harness.network.declared import Declared
    from harness.network.intent import Intent


def test_policies_that_say_what_the_intent_says_are_proved(intent: Intent, declared: Declared) -> None:
    """The shop holds for every class, and there is something to walk."""
    proof = prove(declared.policies, intent, declared.namespaces)
    assert proof.counterexamples == ()
    assert proof.flows > 200
    assert proof.candidates > proof.endpoint_classes > 5


FROM_PAGE = "{podSelector: {matchLabels: {app: page}}}"


@pytest.mark.parametrize(
    ("peers", "source"),
    [
        # Who else gets in, though no running pod does: a pod with another label, of another namespace, from an address.
        ("{podSelector: {matchExpressions: [{key: app, operator: Exists}]}}", "app=anything-else"),
        (FROM_PAGE + ", {podSelector: {matchLabels: {debug: 'yes'}}}", "debug=yes"),
        ("{podSelector: {matchLabels: {app: page}}, namespaceSelector: {}}", "a pod in away, app=page"),
        (FROM_PAGE + ", {ipBlock: {cidr: 10.244.7.0/24}}", "a pod in"),
        (FROM_PAGE + ", {ipBlock: {cidr: 203.0.113.9/32}}", "address 203.0.113.9"),
        (FROM_PAGE + ", {namespaceSelector: {matchLabels: {team: ops}}}", "a pod in away"),
    ],
)
def test_a_pod_that_does_not_run_yet_is_found(intent: Intent, peers: str, source: str) -> None:
    """A counterexample names a possible source that no matrix of running pods has."""
    declared = read_declared(WORKLOADS + POLICIES.replace(f"from: [{FROM_PAGE}]", f"from: [{peers}]"), "shop.yaml")
    found = prove(declared.policies, intent, declared.namespaces).counterexamples
    into_data = [example for example in found if "app=data" in example.flow.destination.name]
    assert any(source in example.flow.source.name and not example.intended for example in into_data)
    assert all(example.side is Direction.INGRESS for example in into_data)


def test_a_port_that_is_not_tried_is_found(intent: Intent) -> None:
    """A range that is one port too wide is found at that port."""
    wide = POLICIES.replace("ports: [{port: 5432}]\n", "ports: [{port: 5432, endPort: 5440}]\n", 1)
    declared = read_declared(WORKLOADS + wide, "shop.yaml")
    found = prove(declared.policies, intent, declared.namespaces).counterexamples
    assert {str(example.ports) for example in found} == {"5433-5440/TCP"}


def test_a_named_port_is_walked_with_every_number_a_pod_may_give_it(intent: Intent) -> None:
    """A name means what the destination pod says: a page that calls port 7 `http` opens port 7."""
    named = POLICIES.replace("ports: [{port: 80}]", "ports: [{port: http}]")
    declared = read_declared(WORKLOADS + named, "shop.yaml")
    found = prove(declared.policies, intent, declared.namespaces).counterexamples
    assert any(not example.intended for example in found)
    assert any(example.intended for example in found), "a page without the name cannot be reached on 80 any more"


def test_a_missing_allowance_is_found(intent: Intent) -> None:
    """No more and no less: an intended flow that the policies block is a counterexample too."""
    narrow = POLICIES.replace(
        "from: [{podSelector: {matchLabels: {app: page}}}]", "from: [{podSelector: {matchLabels: {app: nobody}}}]"
    )
    declared = read_declared(WORKLOADS + narrow, "shop.yaml")
    assert any(example.intended for example in prove(declared.policies, intent, declared.namespaces).counterexamples)


def test_masks_agree_with_the_evaluator(intent: Intent, declared: Declared) -> None:
    """Judging all ports at once gives, for every class of flow, what judging each port gives."""
    world = classes(declared.policies, intent, declared.namespaces)
    masks, evaluator = Masks(declared.policies, world.ports), Evaluator(declared.policies)
    for source, destination in itertools.product(world.endpoints, world.destinations):
        egress = masks.side(Direction.EGRESS, source, destination)
        ingress = masks.side(Direction.INGRESS, source, destination)
        for index, port in enumerate(world.ports):
            seen = evaluator.verdict(Flow(source, destination, port.last, port.protocol))
            assert seen.egress.allowed == bool(egress >> index & 1)
            assert seen.ingress.allowed == bool(ingress >> index & 1)


def test_every_pod_is_like_one_of_the_classes(intent: Intent, declared: Declared) -> None:
    """A pod with labels that nobody mentions is judged as the class with a fresh value, or without the label, is."""
    world = classes(declared.policies, intent, declared.namespaces)
    ip = ipaddress.IPv4Address("10.244.3.4")
    odd = Pod("odd", "shop", {"app": "zzz", "x": "y"}, {NAME_LABEL: "shop"}, ip, node="n")
    like = next(e for e in world.endpoints if isinstance(e, Pod) and e.namespace == "shop" and not e.labels)
    evaluator = Evaluator(declared.policies)
    for other in world.destinations:
        for port in world.ports:
            one = evaluator.verdict(Flow(odd, other, port.first, port.protocol)).allowed
            assert one == evaluator.verdict(Flow(like, other, port.first, port.protocol)).allowed


def test_a_counterexample_is_printed_as_a_manifest(intent: Intent) -> None:
    """The pods of a counterexample, and a namespace that is not there, come out as complete objects."""
    wide = POLICIES.replace(
        "from: [{podSelector: {matchLabels: {app: page}}}]", "from: [{namespaceSelector: {matchLabels: {team: ops}}}]"
    )
    declared = read_declared(WORKLOADS + wide, "shop.yaml")
    found = prove(declared.policies, intent, declared.namespaces).counterexamples
    example = next(
        e for e in found if isinstance(e.flow.source, Pod) and e.flow.source.namespace == FRESH and not e.intended
    )
    kinds = list(yaml.safe_load_all(pod_manifest(example)))
    assert [each["kind"] for each in kinds] == ["Namespace", "Pod", "Pod"]
    assert kinds[0]["metadata"]["labels"] == {"team": "ops"}
    assert kinds[1]["metadata"]["namespace"] == FRESH
    assert kinds[1]["spec"]["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
