"""Rendering manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from harness import manifests
from harness.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path


def test_overlays() -> None:
    """Every provider has an overlay, and production has one."""
    assert manifests.overlays() == ["embedded", "external", "minikube", "production"]


def test_folder_without_kustomization(tmp_path: Path) -> None:
    """A folder that is none is refused with the names of those that are."""
    with pytest.raises(UserError, match=r"expected a folder with a kustomization\.yaml; overlays: embedded"):
        manifests.render(tmp_path)


def test_kustomize_has_the_last_word(tmp_path: Path) -> None:
    """What kustomize says of a folder that does not render is in the message."""
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    with pytest.raises(UserError, match=r"missing\.yaml"):
        manifests.render(tmp_path)


def test_parse() -> None:
    """Empty documents are no objects; the others come in their order."""
    text = "---\n---\napiVersion: v1\nkind: A\nmetadata: {name: a}\n---\napiVersion: v1\nkind: B\nmetadata: {name: b}\n"
    assert [each["kind"] for each in manifests.parse(text)] == ["A", "B"]


@pytest.mark.parametrize("document", ["- a list", "kind: A", "just text"])
def test_parse_refuses_what_is_no_object(document: str) -> None:
    """A document that Kubernetes would not take is told by its position."""
    with pytest.raises(UserError, match="document 1 is no Kubernetes object"):
        manifests.parse(document)
