"""Reads what is to be judged: overlays, folders and files, split into subjects that know their lines."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import yaml

from harness import paths
from harness.errors import UserError
from harness.located import Document, MappingError, Place, at, parse
from harness.manifests import render
from harness.network.policies import objects
from harness.policy.model import Field, Finding, Level, Subject, SubjectSet, SubjectType
from harness.policy.sources import KUSTOMIZATIONS, SourceIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

POLICIES = paths.ROOT / "policies"
OVERLAYS = paths.ROOT / "manifests" / "overlays"
_YAML = {".yaml", ".yml", ".json"}
_SKIPPED = {".git", ".nox", ".venv", "node_modules", "reports", "__pycache__"}


class Loader:
    """Reads sets; gives each subject an id that is unique over all of them."""

    def __init__(self, *, root: Path = paths.ROOT, level: Level = "restricted") -> None:
        self._root = root.resolve()
        self._level = level
        self._ids = itertools.count()

    def project(self) -> tuple[SubjectSet, ...]:
        """Return everything of this repository: each overlay, and its Containerfiles, compose files and workflows."""
        overlays = sorted(folder for folder in OVERLAYS.glob("*") if kustomization(folder))
        if not overlays:
            raise UserError(
                f"{self._shown(OVERLAYS)}: expected overlays, found none; a gate that judges nothing must not pass"
            )
        files = [
            *sorted(self._root.glob("services/*/Containerfile")),
            *sorted(self._root.glob("compose*.yaml")),
            *sorted(self._root.glob(".github/workflows/*.y*ml")),
        ]
        with ThreadPoolExecutor() as pool:  # kustomize is another program: one a core
            rendered = list(pool.map(render, overlays))
        sets = [self.overlay(folder, text=text) for folder, text in zip(overlays, rendered, strict=True)]
        return (*sets, self._set("repository", files))

    def paths(self, given: Iterable[Path], *, production: bool = False) -> tuple[SubjectSet, ...]:
        """Return a set for each path: a kustomization is rendered, a folder searched, a file read.

        Raises:
            UserError: A path does not exist.
        """
        sets: list[SubjectSet] = []
        for path in given:
            if not path.exists():
                raise UserError(f"{path}: expected a folder or file to judge, found nothing there; check the path")
            if path.is_dir() and kustomization(path):
                sets.append(self.overlay(path, production=production))
            elif path.is_dir():
                files, overlays = _searched(path)
                sets += [self.overlay(folder, production=production) for folder in overlays]
                if files:
                    sets.append(self._set(self._shown(path), files, production=production))
            else:
                sets.append(self._set(self._shown(path), [path], production=production))
        return tuple(sets)

    def overlay(self, directory: Path, *, production: bool | None = None, text: str | None = None) -> SubjectSet:
        """Return what a kustomization renders to; one whose folder is called prod… is for production.

        Args:
            directory: The kustomization.
            production: Whether it is for production, where the folder's name does not say.
            text: What it renders to, where that was done already.
        """
        name = self._shown(directory)
        index = SourceIndex(directory.resolve(), self._root)

        def source(document: Document, path: Field) -> Callable[[Field], Place]:
            rendered = at(document.data, path)
            return lambda field: index.place(rendered, field)

        subjects, problems = self._objects(parse(render(directory) if text is None else text, name), name, source)
        return SubjectSet(
            name=name,
            subjects=tuple(subjects),
            level=self._level,
            production=directory.resolve().name.startswith("prod") if production is None else production,
            problems=tuple(problems),
        )

    def _set(self, name: str, files: Iterable[Path], *, production: bool = False) -> SubjectSet:
        subjects: list[Subject] = []
        problems: list[Finding] = []
        for file in files:
            shown = self._shown(file)
            try:
                text = file.read_text()
                sort = file_type(file)
                if sort == "containerfile":
                    subjects.append(self._file(sort, shown, None, containerfile_lines(text, shown), text))
                elif sort == "workflow":
                    (document,) = parse(text, shown)
                    # YAML 1.1 reads the key `on` as true; a workflow's scalars are text until GitHub reads them.
                    plain = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  # BaseLoader makes nothing but text
                    subjects.append(self._file(sort, shown, plain, _document_place(document)))
                elif sort == "compose":
                    (document,) = parse(text, shown)
                    subjects.append(self._file(sort, shown, document.data, _document_place(document)))
                else:
                    found, bad = self._objects(parse(text, shown), name, _written)
                    subjects += found
                    problems += bad
            except (MappingError, UnicodeDecodeError, ValueError) as error:
                problems.append(self._problem("GATE-PARSE", name, shown, str(error), Place(shown, 1)))
        return SubjectSet(name, tuple(subjects), self._level, production, tuple(problems))

    def _objects(
        self, documents: Iterable[Document], name: str, source: Callable[[Document, Field], Callable[[Field], Place]]
    ) -> tuple[list[Subject], list[Finding]]:
        subjects: list[Subject] = []
        problems: list[Finding] = []
        for document in documents:
            try:
                found = objects(document)
            except MappingError as error:
                problems.append(self._problem("GATE-PARSE", name, document.file, str(error), document.place()))
                continue
            for path in found:
                data = at(document.data, path)
                reason = unknown_kind(data)
                if reason:
                    rule = "GATE-KIND" if "kind" in data else "GATE-PARSE"
                    problems.append(self._problem(rule, name, document.file, reason, document.place(*path)))
                    continue
                metadata = data.get("metadata") if isinstance(data.get("metadata"), dict) else {}
                subjects.append(
                    Subject(
                        id=next(self._ids),
                        type="object",
                        kind=str(data["kind"]),
                        namespace=str(metadata.get("namespace") or ""),
                        name=str(metadata.get("name") or ""),
                        data=data,
                        place=source(document, path),
                    )
                )
        return subjects, problems

    def _file(
        self, sort: SubjectType, shown: str, data: Any, place: Callable[[Field], Place], text: str = ""
    ) -> Subject:
        kind = "Containerfile" if sort == "containerfile" else sort
        return Subject(next(self._ids), sort, kind, "", shown, data, place, text)

    def _problem(self, rule: str, set_name: str, file: str, message: str, place: Place) -> Finding:
        subject = self._file("file", file, None, lambda _: place)
        return Finding(rule, "gate", set_name, subject, "", (), message, place)

    def _shown(self, path: Path) -> str:
        resolved = path.resolve()
        return str(resolved.relative_to(self._root)) if resolved.is_relative_to(self._root) else str(path)


def kustomization(folder: Path) -> bool:
    """Tell whether a folder can be rendered."""
    return any((folder / name).is_file() for name in KUSTOMIZATIONS)


def file_type(file: Path) -> SubjectType:
    """Tell what a file is by its name and place."""
    name = file.name.lower()
    if name.startswith(("containerfile", "dockerfile")) or name.endswith((".containerfile", ".dockerfile")):
        return "containerfile"
    if name.startswith(("compose", "docker-compose")):
        return "compose"
    if file.resolve().parent.parts[-2:] == (".github", "workflows"):
        return "workflow"
    return "object"


def unknown_kind(data: Any) -> str:
    """Say why the gate cannot judge an object, or nothing where it can."""
    if (
        not isinstance(data, dict)
        or not isinstance(data.get("kind"), str)
        or not isinstance(data.get("apiVersion"), str)
    ):
        return "expected a Kubernetes object with apiVersion and kind; judge a narrower path, or mend the file"
    group = data["apiVersion"].rpartition("/")[0]
    if data["kind"] in known_kinds().get(group, ()):
        return ""
    return f"{data['apiVersion']} {data['kind']}: not in policies/kinds.yaml; look what it carries, then add it there"


@lru_cache
def known_kinds() -> dict[str, list[str]]:
    """Return the kinds that the gate knows, by API group."""
    known: dict[str, list[str]] = yaml.safe_load((POLICIES / "kinds.yaml").read_text())
    return known


def containerfile_lines(text: str, shown: str) -> Callable[[Field], Place]:
    """Return what leads from the number of an instruction, comments counted as conftest's parser does, to its line."""
    starts: list[int] = []
    continues = False
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or (continues and stripped.startswith("#")):
            continue
        if not continues:
            starts.append(number)
        continues = stripped.endswith("\\") and not stripped.startswith("#")

    def place(field: Field) -> Place:
        index = field[0] if field and isinstance(field[0], int) else 0
        return Place(shown, starts[index] if index < len(starts) else 1)

    return place


def _document_place(document: Document) -> Callable[[Field], Place]:
    return lambda field: document.place(*field)


def _written(document: Document, path: Field) -> Callable[[Field], Place]:
    return lambda field: document.place(*path, *field)


def _searched(folder: Path) -> tuple[list[Path], list[Path]]:
    files: list[Path] = []
    overlays: list[Path] = []
    for directory in _folders(folder):
        if kustomization(directory):
            text = next((directory / name).read_text() for name in KUSTOMIZATIONS if (directory / name).is_file())
            if "kind: Component" not in text:  # a component is rendered by those who use it
                overlays.append(directory)
            continue
        files += sorted(
            file
            for file in directory.iterdir()
            if file.is_file() and (file.suffix in _YAML or file_type(file) != "object")
        )
    return files, overlays


def _folders(folder: Path) -> Iterator[Path]:
    yield folder
    if kustomization(folder):
        inner = [path for path in folder.iterdir() if path.is_dir()]
    else:
        inner = [path for path in folder.iterdir() if path.is_dir() and path.name not in _SKIPPED]
    for path in sorted(inner):
        yield from _folders(path)
