"""Reading what is to be judged."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from harness.errors import UserError
from harness.located import Place
from harness.policy.subjects import Loader, containerfile_lines

if TYPE_CHECKING:
    from pathlib import Path

    from harness.policy.model import SubjectSet

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: shop}\n"


def load(root: Path, files: dict[str, str], *given: str) -> tuple[SubjectSet, ...]:
    """Write files and read the given paths of them, or all."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(textwrap.dedent(text))
    return Loader(root=root).paths([root / name for name in given] or [root])


def test_every_document_is_a_subject_with_its_line(tmp_path: Path) -> None:
    """Objects of one file know where each of their fields stands."""
    (one,) = load(tmp_path, {"a.yaml": f"{SERVICE}---\n{SERVICE}"}, "a.yaml")
    first, second = one.subjects
    assert (first.kind, first.name, first.namespace) == ("Service", "a", "shop")
    assert second.place(("metadata", "name")) == Place("a.yaml", 7)
    assert first.id != second.id


def test_lists_are_taken_apart(tmp_path: Path) -> None:
    """Each item of a List, and of a typed list inside it, is judged for itself."""
    text = """
        apiVersion: v1
        kind: List
        items:
          - {apiVersion: v1, kind: Service, metadata: {name: a}}
          - apiVersion: v1
            kind: ConfigMapList
            items:
              - {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}
        """
    (one,) = load(tmp_path, {"a.yaml": text})
    assert [str(subject) for subject in one.subjects] == ["Service/a", "ConfigMap/b"]
    assert one.subjects[1].place(()) == Place("a.yaml", 9)


@pytest.mark.parametrize(
    ("text", "rule", "message"),
    [
        ("a: [", "GATE-PARSE", "expected YAML"),
        ("a: 1\na: 2", "GATE-PARSE", "found twice"),
        ("just text", "GATE-PARSE", "expected a Kubernetes object"),
        ("a: 1", "GATE-PARSE", "expected a Kubernetes object"),
        ("apiVersion: argoproj.io/v1alpha1\nkind: Rollout", "GATE-KIND", "argoproj.io/v1alpha1 Rollout"),
        ("apiVersion: example/v1\nkind: Deployment", "GATE-KIND", "example/v1 Deployment"),
    ],
)
def test_what_cannot_be_judged_is_a_finding(tmp_path: Path, text: str, rule: str, message: str) -> None:
    """An unparsable file, a document that is no object and an unknown kind fail, beside what could be read."""
    (one,) = load(tmp_path, {"a.yaml": text, "b.yaml": SERVICE})
    assert [(problem.rule_id, problem.place.file) for problem in one.problems] == [(rule, "a.yaml")]
    assert message in one.problems[0].message
    assert len(one.subjects) == 1


def test_files_are_told_apart(tmp_path: Path) -> None:
    """Containerfiles, compose files and workflows are known by their names and places."""
    (one,) = load(
        tmp_path,
        {
            "Containerfile": "FROM scratch\n",
            "b/Dockerfile.dev": "FROM scratch\n",
            "compose.yaml": "services: {}\n",
            ".github/workflows/ci.yml": "on: push\njobs: {}\n",
            "node_modules/x.yaml": "not: judged\n",
        },
    )
    types = {subject.name: subject.type for subject in one.subjects}
    assert types == {
        "Containerfile": "containerfile",
        "b/Dockerfile.dev": "containerfile",
        "compose.yaml": "compose",
        ".github/workflows/ci.yml": "workflow",
    }


def test_the_key_on_of_a_workflow_stays_text(tmp_path: Path) -> None:
    """YAML 1.1 would make `on` true, and every rule about events blind."""
    (one,) = load(tmp_path, {".github/workflows/ci.yml": "on:\n  push:\n"})
    assert one.subjects[0].data == {"on": {"push": ""}}


def test_a_kustomization_is_rendered_and_traced_to_its_sources(tmp_path: Path) -> None:
    """The folder is judged as it would be applied, not file by file; lines are those of the source."""
    files = {
        "app/kustomization.yaml": "resources: [service.yaml]\nnamespace: other\n",
        "app/service.yaml": SERVICE,
    }
    (one,) = load(tmp_path, files)
    (subject,) = one.subjects
    assert subject.namespace == "other"
    assert subject.place(("metadata", "name")) == Place("app/service.yaml", 3)


def test_a_missing_path_is_one_clear_line(tmp_path: Path) -> None:
    """A typing error is no empty pass."""
    with pytest.raises(UserError, match="expected a folder or file to judge"):
        load(tmp_path, {}, "absent")


def test_production_is_a_folder_called_so(tmp_path: Path) -> None:
    """Overlays for production are judged by the rules for production."""
    files = {
        f"{name}/{file}": text
        for name in ("production", "staging")
        for file, text in {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": SERVICE}.items()
    }
    production, staging = load(tmp_path, files, "production", "staging")
    assert Loader(root=tmp_path).overlay(tmp_path / "production").production
    assert not Loader(root=tmp_path).overlay(tmp_path / "staging").production
    assert (production.production, staging.production) == (False, False)  # a PATH of someone's: only by --production


def test_the_project_is_every_overlay_and_the_rest() -> None:
    """Nothing of this repository is left out."""
    names = [one.name for one in Loader().project()]
    assert names[-1] == "repository"
    assert "manifests/overlays/production" in names


def test_instructions_of_a_containerfile_know_their_lines() -> None:
    """Comments count as instructions, as they do for conftest's parser; continued and empty lines do not."""
    place = containerfile_lines("# a\nFROM x\n\nRUN a \\\n  # why\n  b\nUSER 1\n", "Containerfile")
    assert [place((index,)).line for index in range(4)] == [1, 2, 4, 7]
