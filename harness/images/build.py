"""Brings the images up to date: what is unchanged is found by its content hash and left alone."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import json
import platform
import shutil
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from harness import paths, programs
from harness.errors import UserError
from harness.images import archive, debian, pip, recipes, rootfs
from harness.images.recipes import REPOSITORY, Layer, Recipe
from harness.images.store import Storage, open_storage
from harness.progress import Plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_T = TypeVar("_T")
_ARCHIVES_KEPT = 3


@dataclass(frozen=True)
class Image:
    """An image that is ready to be loaded.

    Attributes:
        name: Its name here, such as "vote"; manifests call it "ballotbox/vote".
        reference: Its full name in a cluster, with the content hash as its tag.
        size_bytes: What its layers unpack to, shared ones included.
    """

    name: str
    reference: str
    size_bytes: int


@dataclass(frozen=True)
class ImageSet:
    """Images that belong together.

    Attributes:
        images: The images by name.
        unpacked_bytes: What all of them unpack to, shared layers counted once.
        seconds: How long it took to bring them up to date.
        built: The names of those that were built this time.
    """

    images: dict[str, Image]
    unpacked_bytes: int
    seconds: float
    built: tuple[str, ...]

    def reference(self, name: str) -> str:
        """Return the full name of the image `name` in a cluster."""
        return self.images[name].reference

    def archive(self, names: Sequence[str] | None = None) -> Path:
        """Return a tar file with the images, or with those of `names`; containerd and Docker load it."""
        references = [self.reference(name) for name in names or self.images]
        name = hashlib.sha256("\n".join(references).encode()).hexdigest()[:16]
        folder = _home() / "archives"
        path = folder / f"{name}.tar"
        if not path.exists():
            archive.write(_layout(), references, path)
            newest_first = sorted(folder.glob("*.tar"), key=lambda file: file.stat().st_mtime_ns, reverse=True)
            for old in newest_first[_ARCHIVES_KEPT:]:
                old.unlink()
        return path


def build(names: Sequence[str] | None = None, *, plan: Plan | None = None) -> ImageSet:
    """Build what changed of the images.

    Args:
        names: Which images; by default all of them, those of the embedded cluster included.
        plan: Where each image that has to be built is told as a step (`missing` says how many); by default a plan of
            its own. Not to be called within a step.

    Raises:
        UserError: A name is unknown, this is no Debian-like machine, or a build failed.
    """
    start_s = time.monotonic()
    built = _with_fresh_lists(names, plan, _Builder.run)
    return dataclasses.replace(built, seconds=time.monotonic() - start_s)


def missing(names: Sequence[str] | None = None) -> list[str]:
    """Return the names of the images that `build` would build."""
    return [recipe.name for recipe in _with_fresh_lists(names, None, _Builder.stale)]


def _with_fresh_lists(names: Sequence[str] | None, plan: Plan | None, do: Callable[[_Builder], _T]) -> _T:
    """Do something; if apt's lists turn out to be missing or stale, bring them up to date and do it once more."""
    wanted = [_recipe(name) for name in names or recipes.RECIPES]
    with _locked():
        try:
            return do(_Builder(wanted, plan))
        except debian.StaleListsError:
            with Plan("packages", 1).step("apt-get update"):
                debian.refresh_lists()
            return do(_Builder(wanted, plan))


class _Builder:
    """One call of `build`."""

    def __init__(self, wanted: list[Recipe], plan: Plan | None) -> None:
        self._wanted = wanted
        self._plan = plan
        self._layers = recipes.load_layers()
        self._packages = _Packages(self._layers)
        self._secrets: dict[str, Path] | None = None

    def stale(self) -> list[Recipe]:
        there = archive.read_layout(_layout())
        return [recipe for recipe in self._wanted if self.reference(recipe) not in there]

    def run(self) -> ImageSet:
        references = {recipe.name: self.reference(recipe) for recipe in self._wanted}
        stale = self.stale()
        if stale:
            plan = self._plan or Plan("images", len(stale))
            with open_storage(_home() / "storage") as storage:
                for recipe in stale:
                    with plan.step(f"building image {recipe.name}"):
                        self._build(storage, recipe, references[recipe.name])
                self._forget_old(storage, {*references.values()})
        there = archive.read_layout(_layout())
        entries = {name: there[reference] for name, reference in references.items()}
        blobs = {digest for entry in entries.values() for digest in entry.layers}
        return ImageSet(
            images={name: Image(name, entry.reference, entry.size_bytes) for name, entry in entries.items()},
            unpacked_bytes=sum(archive.blob(_layout(), digest).stat().st_size for digest in blobs),
            seconds=0.0,
            built=tuple(recipe.name for recipe in stale),
        )

    def reference(self, recipe: Recipe) -> str:
        bases = [self._layer_hash(self._layers[name]) for name in (recipe.base, recipe.build_base) if name is not None]
        if recipe.program is not None:
            bases.append(programs.load()[recipe.program].digest())
        return f"{REPOSITORY}/{recipe.name}:{recipes.image_hash(recipe, [platform.machine(), *bases])}"

    def _layer_hash(self, layer: Layer) -> str:
        below = None if layer.on is None else self._layer_hash(self._layers[layer.on])
        return recipes.layer_hash(layer, self._packages.of(layer), below)

    def _layer_reference(self, layer: Layer) -> str:
        return f"{REPOSITORY}-base/{layer.name}:{self._layer_hash(layer)}"

    def _build(self, storage: Storage, recipe: Recipe, reference: str) -> None:
        arguments = {}
        for argument, name in (("BASE", recipe.base), ("BUILD_BASE", recipe.build_base)):
            if name is not None:
                arguments[argument] = self._ensure_layer(storage, self._layers[name])
        if recipe.build_base is not None and self._secrets is None:
            self._secrets = pip.secrets(_home() / "secrets")
        with _scratch(recipe.name) as context:
            for path in recipes.inputs(recipe):
                (context / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(paths.ROOT / path, context / path)
            if recipe.program is not None:
                shutil.copy2(programs.path(recipe.program), context / "program")
            storage.build(
                reference,
                paths.ROOT / recipe.containerfile,
                context,
                arguments=arguments,
                secrets=self._secrets or {} if recipe.build_base else {},
            )
        with _scratch(f"{recipe.name}.image") as folder:
            storage.write(reference, folder)
            archive.add_image(_layout(), reference, folder)

    def _ensure_layer(self, storage: Storage, layer: Layer) -> str:
        reference = self._layer_reference(layer)
        if not storage.has(reference):
            base = "scratch" if layer.on is None else self._ensure_layer(storage, self._layers[layer.on])
            debs = debian.download(self._packages.of(layer), _debs())
            with _scratch(layer.name) as root:
                rootfs.lay_out(debs, layer.layout, root)
                storage.build(reference, paths.ROOT / layer.containerfile, root, arguments={"BASE": base}, secrets={})
        return reference

    def _forget_old(self, storage: Storage, current: set[str]) -> None:
        """Remove what an image of this call replaced; images of other calls stay."""
        repositories = {reference.rpartition(":")[0] for reference in current}
        layers = {self._layer_reference(layer) for layer in self._layers.values()}
        repositories |= {reference.rpartition(":")[0] for reference in layers}
        kept = [name for name in storage.names() if name.rpartition(":")[0] not in repositories]
        storage.remove([name for name in storage.names() if name not in {*kept, *current, *layers}])
        current_debs = {
            deb for layer in self._layers.values() for deb in debian.files(self._packages.of(layer), _debs())
        }
        for deb in _debs().glob("*.deb"):
            if deb not in current_debs:
                deb.unlink()
        layout = archive.read_layout(_layout())
        archive.keep_only(
            _layout(), [name for name in layout if name in current or name.rpartition(":")[0] not in repositories]
        )


class _Packages:
    """The packages of each layer; apt is asked again only when its lists or the layers have changed."""

    def __init__(self, layers: dict[str, Layer]) -> None:
        self._layers = layers
        self._file = _home() / "packages.json"
        stored = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._known = stored["layers"] if stored.get("fingerprint") == self._fingerprint() else self._ask()

    def of(self, layer: Layer) -> list[debian.Package]:
        """Return what a layer adds to those below it."""
        below = {name for lower in recipes.below(layer, self._layers) for name, _ in self._known[lower.name]}
        return [debian.Package(name, version) for name, version in self._known[layer.name] if name not in below]

    def _ask(self) -> dict[str, list[tuple[str, str]]]:
        wishes = {layer.name: debian.Wish(layer.packages, layer.exclude) for layer in self._layers.values()}
        with Plan("packages", 1).step("choosing the packages of the base images"):
            found = debian.resolve(wishes)
        known = {name: [(package.name, package.version) for package in packages] for name, packages in found.items()}
        self._file.write_text(json.dumps({"fingerprint": self._fingerprint(), "layers": known}))
        return known

    def _fingerprint(self) -> str:
        recipe = (paths.ROOT / recipes.PACKAGES).read_text()
        return hashlib.sha256(f"{recipes.FORMAT}\n{debian.lists_fingerprint()}\n{recipe}".encode()).hexdigest()


def _recipe(name: str) -> Recipe:
    if name not in recipes.RECIPES:
        raise UserError(f"image {name}: not known; images: {', '.join(recipes.RECIPES)}")
    return recipes.RECIPES[name]


def _home() -> Path:
    return paths.cache_dir() / "images"


def _debs() -> Path:
    return _home() / "debs"


def _layout() -> Path:
    return _home() / "layout"


@contextmanager
def _locked() -> Iterator[None]:
    _home().mkdir(parents=True, exist_ok=True)
    with (_home() / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _scratch(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=_home()))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
