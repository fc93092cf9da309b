"""Mutants: each is made, each is caught or shown to change nothing, and a blind comparison is found out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from harness.network.declared import read_declared
from harness.network.matrix import actors, matrix
from harness.network.mutants import mutants
from harness.network.mutation import first_changed, measure

from .conftest import POLICIES, WORKLOADS

if TYPE_CHECKING:
    from harness.network.declared import Declared
    from harness.network.intent import Intent
    from harness.network.matrix import Cell


def test_everything_is_deleted_and_widened_once(declared: Declared) -> None:
    """Each policy, rule, peer, port and policy type is deleted, each selector and port widened; none twice."""
    made = mutants(declared.policies)
    deleted = {"delete policy", "delete policy type", "delete rule", "delete peer", "delete port"}
    assert {mutant.operator for mutant in made} == deleted | {"widen selector", "widen port"}
    assert sum(mutant.operator == "delete policy" for mutant in made) == 3
    assert sum(mutant.operator == "delete rule" for mutant in made) == 3
    assert len({(mutant.original.key, mutant.mutated) for mutant in made}) == len(made)
    assert all(mutant.mutated != mutant.original for mutant in made)


def test_a_block_and_its_exception_are_widened(declared: Declared) -> None:
    """An exception taken away and a block made larger are mutants as well."""
    said = " | ".join(mutant.what for mutant in mutants(declared.policies))
    assert "the exception 10.244.0.0/16 taken away" in said
    narrow = read_declared(
        WORKLOADS + POLICIES.replace("0.0.0.0/0, except: [10.244.0.0/16]", "198.51.100.0/24"), "s.yaml"
    )
    said = " | ".join(mutant.what for mutant in mutants(narrow.policies))
    assert "the block twice as large" in said
    assert "the block of all addresses" in said


def test_every_mutant_that_matters_is_caught(intent: Intent, declared: Declared, cells: list[Cell]) -> None:
    """All mutants are caught except those that change no possible flow, and each of these says why."""
    score = measure(declared.policies, intent, cells, declared.namespaces)
    assert score.survivors == ()
    assert {fate.caught_by for fate in score.fates} == {"matrix", "universal", ""}
    for fate in score.equivalents:
        assert fate.mutant.operator == "delete policy type", str(fate.mutant)
        assert "isolated by shop/deny" in fate.evidence


def test_the_universal_check_catches_what_the_matrix_cannot_see(
    intent: Intent, declared: Declared, cells: list[Cell]
) -> None:
    """Without a single cell every mutant that matters is still caught."""
    score = measure(declared.policies, intent, [], declared.namespaces)
    assert score.survivors == ()
    assert score.caught == measure(declared.policies, intent, cells, declared.namespaces).caught


def test_a_comparison_that_looks_away_lets_mutants_survive(intent: Intent, declared: Declared) -> None:
    """Where the intent governs nothing, nothing is caught, and the survivors are listed with what is missing."""
    blind = replace(intent, governed=())
    score = measure(declared.policies, blind, [], declared.namespaces)
    assert score.caught == 0
    assert len(score.survivors) > 10
    assert "the intent says nothing of them" in score.survivors[0].evidence


def test_first_changed_names_the_cells_a_mutant_turns(declared: Declared, intent: Intent) -> None:
    """Deleting the page's policy cuts it off from its database."""
    cells = matrix(intent, actors(intent, declared))
    page = next(policy for policy in declared.policies if policy.name == "page")
    gone = next(mutant for mutant in mutants([page]) if mutant.mutated is None)
    assert {cell.id for cell in first_changed(gone, declared.policies, cells)} == {
        "page -> data:5432/TCP", "page -> data:5432/TCP by data",
    }  # fmt: skip
