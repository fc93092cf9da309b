"""What the README and the other documents say of this repository is there: commands, files, links."""

from __future__ import annotations

import ast
import re

import pytest

from harness import paths

DOCUMENTS = [paths.ROOT / "README.md", *sorted((paths.ROOT / "docs").glob("*.md"))]
NAMES = [str(document.relative_to(paths.ROOT)) for document in DOCUMENTS]
# `folder/…` in backticks whose first part is one of these is a path of this repository.
OURS = {entry.name for entry in paths.ROOT.iterdir() if not entry.name.startswith(".")}


def sessions() -> set[str]:
    """Return the names of the noxfile's sessions."""
    functions = [
        node for node in ast.parse((paths.ROOT / "noxfile.py").read_text()).body if isinstance(node, ast.FunctionDef)
    ]
    decorated = [(function.name, ast.unparse(name)) for function in functions for name in function.decorator_list]
    # A session of two words is named with a hyphen, its function with an underscore.
    return {name.replace("_", "-") for name, decorator in decorated if decorator.startswith("nox.session")}


@pytest.mark.parametrize("name", NAMES)
def test_commands(name: str) -> None:
    """Every `./nox -s NAME` is a session."""
    text = (paths.ROOT / name).read_text()
    assert set(re.findall(r"\./nox -s ([a-z0-9-]+)", text)) <= sessions()


@pytest.mark.parametrize("name", NAMES)
def test_paths(name: str) -> None:
    """Every path in backticks that begins in this repository leads to something."""
    text = (paths.ROOT / name).read_text()
    named = [path for path in re.findall(r"`([\w.*<>/-]+/[\w.*<>/-]*)`", text) if path.split("/")[0] in OURS]
    missing = [path for path in named if not list(paths.ROOT.glob(re.sub(r"<[^>]*>", "*", path.rstrip("/"))))]
    assert missing == []


@pytest.mark.parametrize("name", NAMES)
def test_links(name: str) -> None:
    """Every relative link leads to a file."""
    document = paths.ROOT / name
    links = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text())
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_there_is_something_to_check() -> None:
    """The README names commands, paths and links, so the tests above check something."""
    text = (paths.ROOT / "README.md").read_text()
    assert text.count("./nox -s ") >= 10
    assert {"up", "down", "status", "kubectl", "doctor", "lint", "types", "tests"} <= sessions()
    assert "](docs/architecture.md)" in text
