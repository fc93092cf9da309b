"""What images are made of, and their content hashes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from harness import paths
from harness.errors import UserError
from harness.images import recipes
from harness.images.debian import Package
from harness.images.recipes import RECIPES, Recipe, copied, image_hash, inputs, layer_hash, load_layers

CONTAINERFILE = """\
ARG BASE=scratch
FROM ${BASE} AS build
COPY requirements/app.txt /build/requirements.txt
# COPY services/commented /nowhere
COPY --chown=0:0 services/app/package \\
     services/extra /app/
FROM ${BASE}
COPY --from=build /app /app
"""
APP = Recipe("app", Path("services/app/Containerfile"), base="python")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Make a small repository with one image."""
    for name, content in {
        "services/app/Containerfile": CONTAINERFILE,
        "services/app/package/main.py": "print()",
        "services/app/package/__pycache__/main.cpython-311.pyc": "bytes",
        "services/app/package/stray.pyc": "bytes",
        "services/app/tests/test_main.py": "not copied",
        "services/extra/more.py": "more",
        "requirements/app.txt": "flask==1",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def test_copied(repository: Path) -> None:
    """The sources of COPY lines are read, continued ones too; other stages, flags and comments are not sources."""
    assert copied(repository / APP.containerfile) == ["requirements/app.txt", "services/app/package", "services/extra"]


def test_inputs(repository: Path) -> None:
    """An image's inputs are the files that are copied, without compiled ones."""
    assert [path.as_posix() for path in inputs(APP, repository)] == [
        "requirements/app.txt",
        "services/app/package/main.py",
        "services/extra/more.py",
    ]


def test_missing_input(repository: Path) -> None:
    """A COPY of something that is not there is told by name."""
    (repository / "requirements/app.txt").unlink()
    with pytest.raises(UserError, match=r"services/app/Containerfile: copies requirements/app.txt"):
        inputs(APP, repository)


@pytest.mark.parametrize(
    "changed",
    ["services/app/Containerfile", "services/app/package/main.py", "services/extra/more.py", "requirements/app.txt"],
)
def test_tag_changes_with_an_input(repository: Path, changed: str) -> None:
    """Whatever goes into an image changes its tag."""
    before = image_hash(APP, ["base"], repository)
    (repository / changed).write_text((repository / changed).read_text() + "# changed\n")
    assert image_hash(APP, ["base"], repository) != before


def test_tag_changes_with_a_mode_a_name_and_a_base(repository: Path) -> None:
    """A file's execute bit, its name and what the image stands on are inputs as well."""
    seen = {image_hash(APP, ["base"], repository), image_hash(APP, ["newer base"], repository)}
    (repository / "services/app/package/main.py").chmod(0o755)
    seen.add(image_hash(APP, ["base"], repository))
    (repository / "services/app/package/main.py").rename(repository / "services/app/package/other.py")
    seen.add(image_hash(APP, ["base"], repository))
    assert len(seen) == 4


def test_tag_stays_otherwise(repository: Path) -> None:
    """What does not go into an image leaves its tag alone: tests, compiled files, times."""
    before = image_hash(APP, ["base"], repository)
    (repository / "services/app/tests/test_main.py").write_text("changed")
    (repository / "services/app/package/__pycache__/main.cpython-311.pyc").write_text("changed")
    (repository / "services/app/package/main.py").touch()
    assert image_hash(APP, ["base"], repository) == before


def test_layer_hash() -> None:
    """A layer's hash follows its packages' versions, its pruning and what it stands on."""
    layer = load_layers()["redis"]
    packages = [Package("redis-server", "1")]
    seen = {
        layer_hash(layer, packages, "os"),
        layer_hash(layer, packages, "newer os"),
        layer_hash(layer, [Package("redis-server", "2")], "os"),
        layer_hash(dataclasses.replace(layer, layout=dataclasses.replace(layer.layout, prune=())), packages, "os"),
        layer_hash(
            dataclasses.replace(layer, layout=dataclasses.replace(layer.layout, users={"redis": 1})), packages, "os"
        ),
    }
    assert len(seen) == 5
    assert layer_hash(layer, packages, "os") in seen


def test_unknown_key_of_a_layer(repository: Path) -> None:
    """A misspelt key is refused, not ignored."""
    (repository / "services/base").mkdir()
    (repository / recipes.PACKAGES).write_text(
        "exclude = []\nprune = []\nkeep = []\n[layer.os]\npackages = []\nprun = []\n"
    )
    with pytest.raises(UserError, match=r"\[layer.os\] has unknown keys: prun"):
        load_layers(repository)


def test_layer_on_nothing(repository: Path) -> None:
    """A layer that stands on one that is not there is refused."""
    (repository / "services/base").mkdir()
    (repository / recipes.PACKAGES).write_text(
        'exclude = []\nprune = []\nkeep = []\n[layer.a]\non = "b"\npackages = []\n'
    )
    with pytest.raises(UserError, match="layer a stands on 'b'; layers: a"):
        load_layers(repository)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=list(RECIPES))
class TestRecipes:
    """Every recipe of the project."""

    def test_names_what_is_there(self, recipe: Recipe) -> None:
        """Every recipe's Containerfile, inputs and layers exist."""
        assert (paths.ROOT / recipe.containerfile).is_file(), recipe.containerfile
        assert inputs(recipe) or recipe.program or recipe.name in {"redis", "helper"}, recipe.name
        assert {recipe.base, recipe.build_base} - {None} <= set(load_layers()), recipe.name

    def test_ends_as_nobody_special(self, recipe: Recipe) -> None:
        """The last USER of every Containerfile is a number other than 0."""
        users = [
            line.split()[1]
            for line in (paths.ROOT / recipe.containerfile).read_text().splitlines()
            if line.startswith("USER ")
        ]
        assert users, recipe.containerfile
        assert users[-1].split(":")[0].isdigit(), recipe.containerfile
        assert users[-1].split(":")[0] != "0", recipe.containerfile

    def test_arguments_have_pinned_defaults(self, recipe: Recipe) -> None:
        """Where a registry can be reached the Containerfile builds without us, from a base with a tag."""
        for line in (paths.ROOT / recipe.containerfile).read_text().splitlines():
            if line.startswith("ARG "):
                default = line.partition("=")[2]
                assert ":" in default, f"{recipe.containerfile}: {line}"
                assert not default.endswith(":latest"), f"{recipe.containerfile}: {line}"
