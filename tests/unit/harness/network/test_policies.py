"""Reading NetworkPolicies: what the API server refuses is refused here, with file, line and key."""

from __future__ import annotations

import pytest

from harness.errors import UserError
from harness.located import parse
from harness.network.model import Direction
from harness.network.policies import read_policies

HEAD = """\
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: web
  namespace: shop
spec:
"""


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        (
            "  podSelector: {matchExpressions: [{key: a, operator: Equals, values: [b]}]}",
            "p.yaml:7: spec.podSelector.matchExpressions.0.operator: expected one of In, NotIn, Exists",
        ),
        ("  podSelector: {matchExpressions: [{key: a, operator: In}]}", "expected at least one value for In"),
        ("  podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}", "no values for Exists"),
        ("  podSelector: {matchExpressions: [{operator: Exists}]}", "expected a label's key"),
        ("  podSelector: {matchLabels: {port: 80}}", "matchLabels.port: expected a string, found 80; put it in quotes"),
        ("  podSelector: {labels: {a: b}}", "spec.podSelector.labels: expected one of matchExpressions, matchLabels"),
        (
            "  ingress:\n    - ports:\n        - port: 90\n          endPort: 80",
            "p.yaml:10: spec.ingress.0.ports.0.endPort: expected a port not below port 90, found 80",
        ),
        ("  ingress: [{ports: [{endPort: 80}]}]", "expected a port number beside endPort, found None"),
        ("  ingress: [{ports: [{port: web, endPort: 80}]}]", "expected a port number beside endPort, found 'web'"),
        ("  ingress: [{ports: [{port: 0}]}]", "expected a port from 1 to 65535, found 0"),
        ("  ingress: [{ports: [{port: 65536}]}]", "expected a port from 1 to 65535, found 65536"),
        ("  ingress: [{ports: [{port: true}]}]", "expected a port from 1 to 65535, found True"),
        ("  ingress: [{ports: [{port: '80'}]}]", "expected a port number or name, found '80'"),
        ("  ingress: [{ports: [{port: Web}]}]", "expected a port number or name, found 'Web'"),
        ("  ingress: [{ports: [{port: 80, protocol: tcp}]}]", "expected TCP, UDP or SCTP, found 'tcp'"),
        ("  ingress: [{to: []}]", "expected one of from, ports, found 'to'"),
        ("  ingress: [{from: [{}]}]", "expected podSelector, namespaceSelector or ipBlock"),
        ("  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]", "expected ipBlock alone"),
        ("  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0}}]}]", "expected a range of addresses"),
        ("  ingress: [{from: [{ipBlock: {cidr: nonsense/8}}]}]", "expected a range of addresses"),
        ("  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]", "a smaller range inside"),
        ("  ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]", "a smaller range inside"),
        ("  ingress: [{from: [{ipBlock: {}}]}]", "expected a cidr"),
        ("  ingress: {}", "spec.ingress: expected a list, found {}"),
        ("  policyTypes: [ingress]", "expected Ingress or Egress, found 'ingress'"),
        ("  policytypes: [Ingress]", "spec.policytypes: expected one of egress, ingress, podSelector, policyTypes"),
    ],
)  # fmt: skip
def test_what_the_api_server_refuses_is_refused(spec: str, said: str) -> None:
    """The error is one line that names file, line and key, what was expected and what was found."""
    with pytest.raises(UserError) as caught:
        read_policies(parse(HEAD + spec + "\n", "p.yaml"))
    assert said in str(caught.value)
    assert str(caught.value).startswith("p.yaml:")
    assert "\n" not in str(caught.value)


def test_a_wrong_api_version_is_refused() -> None:
    """A policy of a version that does not exist is not silently passed over."""
    with pytest.raises(
        UserError, match=r"p.yaml:1: apiVersion: expected networking.k8s.io/v1, found 'extensions/v1beta1'"
    ):
        read_policies(parse(HEAD.replace("networking.k8s.io/v1", "extensions/v1beta1"), "p.yaml"))


def test_a_key_given_twice_is_refused() -> None:
    """YAML readers take the last of two equal keys; here that is an error."""
    with pytest.raises(UserError, match=r"p.yaml:8: podSelector: expected once, found twice"):
        parse(HEAD + "  podSelector: {}\n  podSelector: {matchLabels: {a: b}}\n", "p.yaml")


def test_broken_yaml_is_one_line() -> None:
    """What is no YAML is said with file and line."""
    with pytest.raises(UserError, match=r"p.yaml:2: expected YAML"):
        parse("a: [1\nb: 2\n", "p.yaml")


def test_policies_are_found_in_lists_and_other_kinds_are_passed_over() -> None:
    """A list is looked into, with the lines of its items."""
    policy_text = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: a}}"
    text = f"kind: List\nitems:\n  - {policy_text}\n  - {{kind: Pod}}\n"
    [policy] = read_policies(parse(text, "l.yaml"))
    assert (policy.key, str(policy.place)) == ("default/a", "l.yaml:3")


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("  podSelector: {}", {Direction.INGRESS}),
        ("  egress: []", {Direction.INGRESS}),
        ("  egress: [{}]", {Direction.INGRESS, Direction.EGRESS}),
        ("  policyTypes: []\n  egress: [{}]", {Direction.INGRESS, Direction.EGRESS}),
        ("  policyTypes: [Egress]", {Direction.EGRESS}),
    ],
)
def test_policy_types_default_as_in_the_api_server(spec: str, types: set[Direction]) -> None:
    """Without policyTypes a policy judges ingress, and egress if it has rules for it."""
    [policy] = read_policies(parse(HEAD + spec + "\n", "p.yaml"))
    assert policy.types == types
