"""What each image is made of, and the content hash that is its tag: what goes in is what is hashed, and nothing else.

The inputs of an image are read from its Containerfile: the sources of its COPY lines, taken from the repository. The
same files, and no others, are later laid out as the build's context, so a file that is not hashed cannot get in.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import paths
from harness.errors import UserError
from harness.images.rootfs import Layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from harness.images.debian import Package

# Raised when the way images are put together changes: every tag changes with it.
FORMAT = 1
# A name that no registry answers to, so that a missing image can never be pulled from a stranger.
REPOSITORY = "localhost/ballotbox"
SERVICES = Path("services")
PACKAGES = SERVICES / "base" / "packages.toml"
PROGRAM_CONTAINERFILE = PACKAGES.parent / "program.Containerfile"
_TAG_LENGTH = 16
_IGNORED_FOLDERS = frozenset({"__pycache__", "node_modules"})
_IGNORED_SUFFIXES = frozenset({".pyc"})


@dataclass(frozen=True)
class Layer:
    """A base image: packages on top of another layer.

    Attributes:
        name: Its name, such as "python".
        on: The layer below, or None.
        packages: What it asks for, as `debian.resolve` takes it.
        exclude: Patterns of packages it does without.
        layout: What becomes of the files.
        containerfile: What makes an image of them, relative to the repository.
    """

    name: str
    on: str | None
    packages: tuple[str, ...]
    exclude: tuple[str, ...]
    layout: Layout
    containerfile: Path = PACKAGES.parent / "Containerfile"


@dataclass(frozen=True)
class Recipe:
    """An image that ends up in the cluster.

    Attributes:
        name: Its name, such as "vote".
        containerfile: Relative to the repository.
        base: The layer the image stands on, or None where the Containerfile starts from scratch.
        build_base: The layer of its build stage, or None where it has none.
        program: The program of tools/ that the image consists of, or None.
    """

    name: str
    containerfile: Path
    base: str | None = None
    build_base: str | None = None
    program: str | None = None


def _python(name: str) -> Recipe:
    return Recipe(name, SERVICES / name / "Containerfile", base="python", build_base="build")


def _program(name: str) -> Recipe:
    return Recipe(name, PROGRAM_CONTAINERFILE, program=name)


RECIPES = {
    recipe.name: recipe
    for recipe in (
        *map(_python, ("vote", "worker", "result", "seed", "probe")),
        Recipe("redis", SERVICES / "redis" / "Containerfile", base="redis"),
        Recipe("postgres", SERVICES / "postgres" / "Containerfile", base="postgres"),
        Recipe("helper", SERVICES / "helper" / "Containerfile", base="helper"),
        *map(_program, ("pause", "coredns", "traefik")),
    )
}
# What the application's own manifests run; the others are the embedded cluster's.
APPLICATION = ("vote", "worker", "result", "redis", "postgres", "seed", "probe")


def load_layers(root: Path = paths.ROOT) -> dict[str, Layer]:
    """Read services/base/packages.toml.

    Raises:
        UserError: A table has a key that means nothing, or stands on a layer that is not there.
    """
    table = tomllib.loads((root / PACKAGES).read_text())
    layers = {name: _layer(name, entry, table) for name, entry in table["layer"].items()}
    for layer in layers.values():
        if layer.on is not None and layer.on not in layers:
            raise UserError(f"{PACKAGES}: layer {layer.name} stands on {layer.on!r}; layers: {', '.join(layers)}")
    return layers


def _layer(name: str, entry: dict[str, Any], table: dict[str, Any]) -> Layer:
    unknown = set(entry) - {"on", "packages", "exclude", "prune", "keep", "users", "links", "containerfile"}
    if unknown:
        raise UserError(f"{PACKAGES}: [layer.{name}] has unknown keys: {', '.join(sorted(unknown))}")
    return Layer(
        name=name,
        on=entry.get("on"),
        packages=tuple(entry["packages"]),
        exclude=(*table["exclude"], *entry.get("exclude", ())),
        layout=Layout(
            prune=(*table["prune"], *entry.get("prune", ())),
            keep=(*table["keep"], *entry.get("keep", ())),
            users=entry.get("users", {}),
            links=entry.get("links", {}),
        ),
        containerfile=PACKAGES.parent / entry.get("containerfile", "Containerfile"),
    )


def below(layer: Layer, layers: dict[str, Layer]) -> Iterator[Layer]:
    """Yield the layers that a layer stands on, nearest first."""
    while layer.on is not None:
        layer = layers[layer.on]
        yield layer


def layer_hash(layer: Layer, packages: Sequence[Package], below_hash: str | None, root: Path = paths.ROOT) -> str:
    """Return the content hash of a layer: its recipe, the versions of its packages, and what it stands on."""
    layout = layer.layout
    facts = {
        "format": FORMAT,
        "on": below_hash,
        "packages": [str(package) for package in packages],
        "prune": layout.prune,
        "keep": layout.keep,
        "users": dict(layout.users),
        "links": dict(layout.links),
        "containerfile": (root / layer.containerfile).read_text(),
    }
    return _digest(json.dumps(facts, sort_keys=True).encode())


def inputs(recipe: Recipe, root: Path = paths.ROOT) -> list[Path]:
    """Return the files that the recipe's Containerfile copies from the repository, relative to it, sorted.

    Raises:
        UserError: The Containerfile copies something that is not there.
    """
    files: set[Path] = set()
    for source in () if recipe.program else copied(root / recipe.containerfile):
        path = root / source
        if not path.exists():
            raise UserError(f"{recipe.containerfile}: copies {source}, which is not in the repository")
        found = path.rglob("*") if path.is_dir() else (path,)
        files.update(
            file.relative_to(root) for file in found if file.is_file() and not _ignored(file.relative_to(root))
        )
    return sorted(files)


def copied(containerfile: Path) -> list[str]:
    """Return the sources of a Containerfile's COPY lines, except those that come from another stage."""
    sources: list[str] = []
    for line in containerfile.read_text().replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if not words or words[0].upper() != "COPY" or any(word.startswith("--from=") for word in words):
            continue
        sources.extend([word for word in words[1:] if not word.startswith("--")][:-1])
    return sources


def image_hash(recipe: Recipe, bases: Iterable[str], root: Path = paths.ROOT) -> str:
    """Return the content hash of an image.

    Args:
        recipe: The image.
        bases: The hashes of what it stands on: layers, or the program it consists of.
        root: The repository.
    """
    state = hashlib.sha256(json.dumps([FORMAT, recipe.name, *bases]).encode())
    for path in (recipe.containerfile, *inputs(recipe, root)):
        file = root / path
        executable = bool(file.stat().st_mode & stat.S_IXUSR)
        state.update(f"\0{path.as_posix()}\0{executable}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return state.hexdigest()[:_TAG_LENGTH]


def _ignored(path: Path) -> bool:
    return path.suffix in _IGNORED_SUFFIXES or not _IGNORED_FOLDERS.isdisjoint(path.parts)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_TAG_LENGTH]
