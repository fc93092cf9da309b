"""One run: declared, computed, tried; what is left behind is nothing but the evidence."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.located import Document
from harness.network.api import Api
from harness.network.compare import compare
from harness.network.enforcement import check_enforcement
from harness.network.evaluator import Evaluator
from harness.network.intent import Kind
from harness.network.live import live_mutants
from harness.network.matrix import actors, matrix, targets
from harness.network.mutation import measure
from harness.network.policies import read_policies
from harness.network.population import read_population
from harness.network.probing import probe, seats_of
from harness.network.result import Run
from harness.network.rights import guards, rights
from harness.network.scratch import MARK, set_up, tear_down
from harness.network.universal import prove
from harness.progress import Plan

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.network.declared import Declared
    from harness.network.intent import Intent
    from harness.network.matrix import Actor
    from harness.network.model import Policy
    from harness.network.population import Population, Resident


@dataclass(frozen=True)
class Cluster:
    """A cluster to try paths on.

    Attributes:
        provider: Its provider's name, for the reports.
        kubeconfig: How it is reached.
        image: The probe's image, which its nodes have.
    """

    provider: str
    kubeconfig: Path
    image: str


def check_offline(overlay: str, intent: Intent, declared: Declared) -> Run:
    """Compare intent and policies, prove the intent for every possible pod, and measure both with mutants."""
    known = actors(intent, declared)
    return _computed(overlay, intent, declared, known)


def check_live(overlay: str, intent: Intent, declared: Declared, cluster: Cluster) -> Run:
    """Do all that `check_offline` does, and try every flow on a cluster that runs the overlay.

    Raises:
        UserError: The cluster does not run what was declared, does not enforce policies, or cannot be tried.
    """
    api, image = Api(cluster.kubeconfig), cluster.image
    plan = Plan("network", 6)
    try:
        with plan.step("scratch pods"):
            set_up(api, intent, image)
        population = read_population(api, intent)
        require_same_policies(api, population.intent, declared.policies)
        with plan.step("canary: are policies enforced, and how soon"):
            enforcement = check_enforcement(api, image, _outside(population))
        known = actors(population.intent, declared, population.ips)
        with contextlib.ExitStack() as stack:
            with plan.step("probes beside every source"):
                seats = stack.enter_context(seats_of(api, population, image))
            cells = matrix(population.intent, known)
            with plan.step(f"trying {len(cells)} flows"):
                answers, probing_s = probe(seats, cells, population)
            with plan.step(f"live mutants of {len(declared.policies)} policies"):
                live = live_mutants(api, declared.policies, cells, seats, population)
    finally:
        tear_down(api, intent)
    with plan.step("computing every flow, every possible pod, every mutant"):
        run = _computed(overlay, population.intent, declared, known)
    return replace(
        run,
        provider=cluster.provider,
        outcomes=tuple(compare(cells, Evaluator(declared.policies), answers)),
        probing_s=probing_s,
        enforcement=enforcement,
        live=tuple(live),
    )


def _computed(overlay: str, intent: Intent, declared: Declared, known: Mapping[str, Actor]) -> Run:
    cells = matrix(intent, known)
    return Run(
        provider="",
        overlay=overlay,
        intent=intent,
        targets=tuple(targets(known)),
        outcomes=tuple(compare(cells, Evaluator(declared.policies))),
        proof=prove(declared.policies, intent, declared.namespaces),
        score=measure(declared.policies, intent, cells, declared.namespaces),
        rights=tuple(rights(intent)),
        guards=tuple(guards(declared, intent)),
    )


def require_same_policies(api: Api, intent: Intent, policies: tuple[Policy, ...]) -> None:
    """Check that the cluster's policies are those that were declared, no more and no less.

    Raises:
        UserError: They are not; the message names the difference.
    """
    items = api.items("/apis/networking.k8s.io/v1/networkpolicies")
    for item in items:
        item |= {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy"}
    scratch = {item["metadata"]["name"] for item in api.items("/api/v1/namespaces", MARK)}
    there = {
        policy.key: policy
        for policy in read_policies(Document(item, "cluster", {}) for item in items)
        if policy.namespace not in scratch
    }
    wanted = {policy.key: policy for policy in policies}
    for key in sorted(there.keys() | wanted.keys()):
        if key not in wanted and there[key].namespace not in intent.governed:
            continue  # somebody else's, of a namespace that the table does not speak of
        if there.get(key) != wanted.get(key):
            found = "none" if key not in there else "another" if key in wanted else "one that they do not declare"
            raise UserError(
                f"NetworkPolicy {key}: expected in the cluster what the manifests declare, found {found}; "
                "`./nox -s up` deploys what changed"
            )


def _outside(population: Population) -> Resident:
    for spec in population.intent.endpoints.values():
        if spec.kind is Kind.SCRATCH and spec.namespace not in population.intent.governed:
            return population.pods[spec.name][0]
    raise UserError(
        f"{population.intent.file}: expected a scratch endpoint outside the governed namespaces, found none"
    )
