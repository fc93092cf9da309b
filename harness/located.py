"""YAML with the line of each value, so that a verdict and an error can name file and line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Path = tuple[str | int, ...]


@dataclass(frozen=True, order=True)
class Place:
    """A line of a file."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


@dataclass(frozen=True)
class Document:
    """One YAML document and where its values stand.

    Attributes:
        data: The document as plain Python values.
        file: The file's name as it is shown.
        lines: The 1-based line of each key and list item, by its path.
    """

    data: Any
    file: str
    lines: Mapping[Path, int]

    def place(self, *path: str | int) -> Place:
        """Return where `path` stands, or the nearest parent that does."""
        while path and path not in self.lines:
            path = path[:-1]
        return Place(self.file, self.lines.get(path, 1))


class MappingError(UserError):
    """A YAML file says something that cannot be meant; the message names file, line and key."""


# Far more than any manifest has: an alias that holds itself has no end, and a few aliases of aliases have billions.
_DEEPEST = 100
_MOST_VALUES = 5_000_000


def parse(text: str, file: str) -> list[Document]:
    """Read all documents of a YAML text; empty documents are left out.

    Raises:
        MappingError: The text is no YAML, a mapping has a key twice or one that is no plain value, a value is none of
            its tag's, or its aliases make it endless.
    """
    documents = []
    try:
        for node in yaml.compose_all(text, Loader=yaml.CSafeLoader):
            if node is None:
                continue
            for each in _nodes(node):
                _require_each_once(each, file)
            lines: dict[Path, int] = {}
            data = _build(node, (), lines, file)
            if data is not None:
                documents.append(Document(data, file, lines))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MappingError(f"{file}:{line}: expected YAML, found {error.problem}; mend the line") from None
    except yaml.reader.ReaderError as error:
        raise MappingError(f"{file}:1: expected text, found {error.reason}; is it a YAML file?") from None
    return documents


_CONSTRUCTOR = yaml.constructor.SafeConstructor()


def _scalar(node: yaml.Node, file: str) -> Any:
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.ScalarNode):
        found = "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"
        raise MappingError(f"{file}:{line}: expected a plain key, found {found}; mend the line")
    try:
        return _CONSTRUCTOR.construct_object(node)
    except ValueError as error:
        tag = node.tag.rpartition(":")[2]
        raise MappingError(f"{file}:{line}: {node.value}: expected a {tag}, found {error}; put it in quotes") from None


def _build(node: yaml.Node, path: Path, lines: dict[Path, int], file: str) -> Any:
    lines.setdefault(path, node.start_mark.line + 1)
    if len(path) > _DEEPEST or len(lines) > _MOST_VALUES:
        place = f"{file}:{node.start_mark.line + 1}"
        raise MappingError(f"{place}: expected a document with an end, found aliases without one; write it out")
    if isinstance(node, yaml.MappingNode):
        # What merge keys (`<<`) bring comes first, so that what is written beside them replaces it.
        _CONSTRUCTOR.flatten_mapping(node)
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = _scalar(key_node, file)
            lines[*path, key] = key_node.start_mark.line + 1
            mapping[key] = _build(value_node, (*path, key), lines, file)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, index), lines, file) for index, item in enumerate(node.value)]
    return _scalar(node, file)


def _nodes(root: yaml.Node) -> Iterator[yaml.Node]:
    """Yield each node once, however many aliases lead to it."""
    seen, left = set(), [root]
    while left:
        node = left.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        yield node
        if isinstance(node, yaml.MappingNode):
            left += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            left += node.value


def _require_each_once(node: yaml.Node, file: str) -> None:
    seen = set()
    keys = [key for key, _ in node.value] if isinstance(node, yaml.MappingNode) else []
    for key_node in keys:
        if key_node.tag == "tag:yaml.org,2002:merge":
            continue
        key = _scalar(key_node, file)
        if key in seen:
            place = f"{file}:{key_node.start_mark.line + 1}"
            raise MappingError(f"{place}: {key}: expected once, found twice; remove one of the two")
        seen.add(key)


def at(data: Any, path: Path) -> Any:
    """Return the value at a path."""
    for step in path:
        data = data[step]
    return data


class Reader:
    """Takes one YAML document apart; every error names file, line and key."""

    def __init__(self, document: Document) -> None:
        self.document = document

    def fail(self, path: Path, expected: str, found: object, remedy: str = "mend the line") -> MappingError:
        """Return the error for the value at `path`."""
        key = ".".join(map(str, path))
        return MappingError(f"{self.document.place(*path)}: {key}: expected {expected}, found {found!r}; {remedy}")

    def mapping(self, path: Path, keys: set[str]) -> dict[str, Any]:
        """Return the mapping at `path`; None counts as empty, a key that is not of `keys` is an error."""
        value = at(self.document.data, path)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise self.fail(path, "a mapping", value)
        for key in value:
            if key not in keys:
                raise self.fail((*path, key), f"one of {', '.join(sorted(keys))}", key)
        return value

    def items(self, path: Path) -> list[Path]:
        """Return the paths of the list's items at `path`; None counts as empty."""
        value = at(self.document.data, path)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.fail(path, "a list", value)
        return [(*path, index) for index in range(len(value))]

    def text(self, path: Path) -> str:
        """Return the string at `path`."""
        value = at(self.document.data, path)
        if not isinstance(value, str):
            raise self.fail(path, "a string", value, "put it in quotes")
        return value
