"""Finds the line that a person wrote for a field of a rendered object: in the patch or the base that says it.

kustomize's own origin annotations name a file, but neither the patch nor the line, and change what is deployed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.located import Document, Place, at, parse
from harness.network.policies import objects

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from harness.policy.model import Field

KUSTOMIZATIONS = ("kustomization.yaml", "kustomization.yml", "Kustomization")
_GENERATED = re.compile(r"-[bcdfghkmt2456789]{10}$")  # kustomize's encoding of a content hash


@dataclass(frozen=True)
class _Source:
    """An object, or a patch of one, as it was written."""

    kind: str
    name: str
    document: Document
    path: Field


class SourceIndex:
    """The source files of one kustomization, nearest first: its own patches before its bases."""

    def __init__(self, directory: Path, root: Path) -> None:
        self._root = root
        self._sources: list[_Source] = []
        self._generators: list[_Source] = []
        self._seen: set[Path] = set()
        self._main = self._visit(directory)

    def place(self, rendered: Any, field: Field) -> Place:
        """Return file and line of a field of a rendered object.

        Where several sources have the object, the one that has most of the path says it; among equals the nearest does.
        """
        kind, name = str(rendered.get("kind")), str((rendered.get("metadata") or {}).get("name"))
        best: tuple[int, Place] | None = None
        for source in self._sources:
            if (source.kind, source.name) == (kind, name):
                found = _follow(source, field, rendered)
                if best is None or found[0] > best[0]:
                    best = found
        if best is not None:
            return best[1]
        generated = _GENERATED.sub("", name)
        for source in self._generators:
            if (source.kind, source.name) == (kind, generated):
                return source.document.place(*source.path)
        return self._main

    def _visit(self, directory: Path) -> Place:
        file = next((directory / name for name in KUSTOMIZATIONS if (directory / name).is_file()), None)
        if file is None or file in self._seen:
            return Place(self._shown(directory), 1)
        self._seen.add(file)
        for document in parse(file.read_text(), self._shown(file)):
            self._read(document, directory)
        return Place(self._shown(file), 1)

    def _read(self, document: Document, directory: Path) -> None:
        kustomization = document.data if isinstance(document.data, dict) else {}
        for kind, key in (("ConfigMap", "configMapGenerator"), ("Secret", "secretGenerator")):
            for index, generator in enumerate(kustomization.get(key) or []):
                self._generators.append(_Source(kind, str(generator.get("name")), document, (key, index)))
        patches = [patch.get("path") for patch in kustomization.get("patches") or [] if isinstance(patch, dict)]
        patches += kustomization.get("patchesStrategicMerge") or []
        self._files(directory / patch for patch in patches if isinstance(patch, str) and "\n" not in patch)
        for key in ("resources", "components", "bases"):
            for entry in kustomization.get(key) or []:
                path = (directory / str(entry)).resolve()
                if path.is_dir():
                    self._visit(path)
                else:
                    self._files([path])

    def _files(self, files: Iterable[Path]) -> None:
        for file in files:
            if file in self._seen or not file.is_file():
                continue
            self._seen.add(file)
            for document in parse(file.read_text(), self._shown(file)):
                if not isinstance(document.data, dict):
                    continue  # a JSON patch: its object is the base's
                for path in objects(document):
                    written = at(document.data, path)
                    name = (written.get("metadata") or {}).get("name")
                    self._sources.append(_Source(str(written.get("kind")), str(name), document, path))

    def _shown(self, path: Path) -> str:
        resolved = path.resolve()
        return str(resolved.relative_to(self._root)) if resolved.is_relative_to(self._root) else str(path)


def _follow(source: _Source, field: Field, rendered: Any) -> tuple[int, Place]:
    """Go along a field as far as the source has it; named list items are found by name, as kustomize merges them."""
    written, made = at(source.document.data, source.path), rendered
    path: Field = source.path
    steps = 0
    for step in field:
        made = made[step] if _has(made, step) else None
        mine = _index(written, made, step) if isinstance(step, int) else step
        if mine is None or not _has(written, mine):
            break
        written = written[mine]
        path = (*path, mine)
        steps += 1
    return steps, source.document.place(*path)


def _has(value: Any, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(value, list) and step < len(value)
    return isinstance(value, dict) and step in value


def _index(written: Any, made: Any, step: int) -> int | None:
    name = made.get("name") if isinstance(made, dict) else None
    if name is None or not isinstance(written, list):
        return step
    return next(
        (index for index, item in enumerate(written) if isinstance(item, dict) and item.get("name") == name), None
    )
