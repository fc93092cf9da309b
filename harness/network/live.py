"""Live mutants: one policy of the running cluster at a time is deleted or widened, and the probe must notice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.network.evaluator import Evaluator
from harness.network.mutants import Mutant, mutants
from harness.network.mutation import first_changed
from harness.network.policies import to_manifest
from harness.network.probing import probe
from harness.waiting import Seen, WaitError, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from harness.network.api import Api
    from harness.network.matrix import Cell
    from harness.network.model import Policy
    from harness.network.population import Population
    from harness.network.probing import Seat

_NOTICE_TIMEOUT_S = 15.0
_PROBE_TIMEOUT_S = 0.8
_CELLS_TRIED = 4
# What the API server adds to an object and refuses in a new one.
_SERVER_FIELDS = frozenset({"resourceVersion", "uid", "creationTimestamp", "generation", "managedFields", "selfLink"})


@dataclass(frozen=True)
class LiveFate:
    """What became of a live mutant.

    Attributes:
        mutant: The change.
        cell: The flow that was watched.
        before: What the probe saw of it before the change.
        seen: What it saw then.
        noticed_s: Seconds until it did, or None if it never noticed.
        restored_s: Seconds after the policy was put back until the flow was as before.
    """

    mutant: Mutant
    cell: str
    before: str
    seen: str
    noticed_s: float | None
    restored_s: float


def live_mutants(
    api: Api, policies: Sequence[Policy], cells: Sequence[Cell], seats: Mapping[str, Seat], population: Population
) -> list[LiveFate]:
    """Try one mutant of each policy that has an end in what is tried; every policy is put back, come what may.

    Raises:
        UserError: A policy has no mutant that turns a flow which is tried, or could not be put back.
    """
    stage = _Stage(api, seats, population)
    return [_try(stage, *_choose(policy, policies, cells, seats)) for policy in policies]


@dataclass(frozen=True)
class _Stage:
    api: Api
    seats: Mapping[str, Seat]
    population: Population


def _choose(
    policy: Policy, policies: Sequence[Policy], cells: Sequence[Cell], seats: Mapping[str, Seat]
) -> tuple[Mutant, list[Cell], dict[str, str]]:
    tried = [cell for cell in cells if cell.source in seats and not cell.within]
    for mutant in mutants([policy]):
        turned = first_changed(mutant, policies, tried)[:_CELLS_TRIED]
        if turned:
            after = Evaluator(mutant.applied(policies))
            expected = {cell.id: _expected(cell, passes=after.verdict(cell.flow).allowed) for cell in turned}
            return mutant, turned, expected
    raise UserError(
        f"{policy.place}: {policy.key}: expected a change that turns a tried flow, found none; the policy may be idle"
    )


def _expected(cell: Cell, *, passes: bool) -> str:
    if not passes:
        return "timeout"
    return "open" if cell.target.listening else "refused"


def _try(stage: _Stage, mutant: Mutant, cells: list[Cell], expected: Mapping[str, str]) -> LiveFate:
    api = stage.api
    policy = mutant.original
    collection = f"/apis/networking.k8s.io/v1/namespaces/{policy.namespace}/networkpolicies"
    path = f"{collection}/{policy.name}"
    original = as_new(api.call("GET", path))
    last: dict[str, str] = {}

    def looks(wanted: Mapping[str, str]) -> Seen:
        answers, _ = probe(stage.seats, cells, stage.population, _PROBE_TIMEOUT_S)
        last.update({name: answer.verdict for name, answer in answers.items()})
        hit = next((name for name, verdict in wanted.items() if last.get(name) == verdict), None)
        return Seen(hit is not None, json.dumps(last))

    normal = {cell.id: cell.expected for cell in cells}
    noticed: float | None = None
    seen = ""
    try:
        _change(api, mutant, path)
        noticed = wait_for(f"live mutant {mutant}", lambda: looks(expected), timeout_s=_NOTICE_TIMEOUT_S)
    except WaitError as error:
        seen = str(error)
    finally:
        witness = next((name for name, verdict in expected.items() if last.get(name) == verdict), cells[0].id)
        seen = seen or last.get(witness, "nothing")
        _put_back(api, collection, path, original)
    one = {witness: normal[witness]}
    restored = wait_for(f"{policy.key} put back", lambda: looks(one), timeout_s=_NOTICE_TIMEOUT_S)
    return LiveFate(mutant, witness, normal[witness], seen, noticed, restored)


def _change(api: Api, mutant: Mutant, path: str) -> None:
    if mutant.mutated is None:
        api.delete(path)
        return
    there = api.call("GET", path)
    api.call("PUT", path, {**there, "spec": to_manifest(mutant.mutated)["spec"]})


def _put_back(api: Api, collection: str, path: str, original: dict[str, Any]) -> None:
    there = api.get(path)
    if there is None:
        api.call("POST", collection, original)
    elif there["spec"] != original["spec"]:
        api.call("PUT", path, {**there, "spec": original["spec"]})


def as_new(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return an object of the cluster as it can be created again."""
    metadata = {key: value for key, value in manifest["metadata"].items() if key not in _SERVER_FIELDS}
    return {**{key: value for key, value in manifest.items() if key != "status"}, "metadata": metadata}
