"""Pinned Go programs: when they are built anew, and what a failing build says; with a tiny module of no dependency."""

from __future__ import annotations

import io
import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from harness import prerequisites, process, programs
from harness.errors import UserError
from harness.progress import Plan

if TYPE_CHECKING:
    from collections.abc import Callable

MAIN = 'package main\n\nvar version = "none"\n\nfunc main() { println(version) }\n'


@pytest.fixture(scope="session")
def go_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Go's build cache, shared by this run's tests: the standard library is compiled once."""
    own = process.run([prerequisites.go(), "env", "GOCACHE"]).stdout.strip()
    return tmp_path_factory.mktemp("go") if own in {"", "off"} else Path(own)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, go_cache: Path) -> Path:
    """A folder like tools/ with one program, and an empty cache."""
    folder = tmp_path / "tools"
    (folder / "tiny" / "assets").mkdir(parents=True)
    (folder / "tiny" / "go.mod").write_text("module example.test/tiny\n\ngo 1.24\n")
    (folder / "tiny" / "main.go").write_text(MAIN)
    (folder / "tiny" / "assets" / "a.txt").write_text("asset")
    (folder / "programs.toml").write_text('[tiny]\nbinaries = ["tiny"]\npackage = "."\n')
    monkeypatch.setattr(programs, "TOOLS", folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOCACHE", str(go_cache))
    return folder


def catalogue(tools: Path, text: str) -> None:
    """Write programs.toml."""
    (tools / "programs.toml").write_text(text)


class TestDigest:
    """A program is built anew when what it is made of changes, and only then."""

    @pytest.mark.parametrize(
        ("what", "change"),
        [
            ("a pin", lambda tools: (tools / "tiny/go.mod").write_text("module example.test/tiny\n\ngo 1.25\n")),
            ("a checksum", lambda tools: (tools / "tiny/go.sum").write_text("x v1 h1:=\n")),
            ("a source", lambda tools: (tools / "tiny/main.go").write_text(MAIN.replace("none", "some"))),
            ("a source's name", lambda tools: (tools / "tiny/main.go").rename(tools / "tiny/other.go")),
            ("a source below", lambda tools: (tools / "tiny/assets/more.go").write_text("package assets\n")),
            ("the flags", lambda tools: catalogue(tools, '[tiny]\nbinaries=["tiny"]\npackage="."\nldflags=["-X a=b"]')),
            ("the names", lambda tools: catalogue(tools, '[tiny]\nbinaries=["t"]\npackage="."\nrename={tiny="t"}')),
            ("the package", lambda tools: catalogue(tools, '[tiny]\nbinaries=["tiny"]\npackage="./x"')),
            ("the data", lambda tools: catalogue(tools, '[tiny]\nbinaries=["tiny"]\npackage="."\ndata={d="m:f"}')),
        ],
    )
    def test_changes(self, tools: Path, what: str, change: Callable[[Path], object]) -> None:
        """Another pin, source or recipe is another folder."""
        before = programs.load()["tiny"].home()
        change(tools)
        assert programs.load()["tiny"].home() != before, f"{what} changed, and the old program is taken"

    def test_stays(self, tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where the checkout is, its files' times, a note beside them, and another tool change nothing."""
        before = programs.load()["tiny"].digest()
        os.utime(tools / "tiny" / "main.go", (0, 0))
        (tools / "tiny" / "README.md").write_text("a note")
        (tools / "other").mkdir()
        (tools / "other" / "go.mod").write_text("module example.test/other\n")
        text = (tools / "programs.toml").read_text()
        catalogue(tools, f'# a comment\n[other]\nbinaries = ["other"]\n{text}')
        assert programs.load()["tiny"].digest() == before
        tools.rename(tmp_path / "moved")
        monkeypatch.setattr(programs, "TOOLS", tmp_path / "moved")
        assert programs.load()["tiny"].digest() == before


class TestCatalogue:
    """tools/programs.toml."""

    def test_ours_is_whole(self) -> None:
        """Every folder with pins is in the catalogue, and no program is built by two."""
        known = programs.load()
        assert set(known) == {path.parent.name for path in programs.TOOLS.glob("*/go.mod")}
        binaries = [binary for tool in known.values() for binary in tool.binaries]
        assert len(binaries) == len(set(binaries))

    def test_versions_are_the_pins(self) -> None:
        """What a program says of its version is what go.mod pins."""
        tool = programs.load()["kube"]
        flags = [programs._with_versions(flag, tool) for flag in tool.ldflags]
        pins = (tool.folder / "go.mod").read_text()
        pinned = re.findall(r"k8s\.io/kubernetes (v[\d.]+)", pins)[0]
        major, minor, _ = pinned.removeprefix("v").split(".")
        for name, value in (("gitVersion", pinned), ("gitMajor", major), ("gitMinor", minor)):
            assert f"-X k8s.io/component-base/version.{name}={value}" in flags

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('[tiny]\nbinaries = ["tiny"]\nflags = []\n', r"\[tiny\] has unknown keys: flags"),
            ("[tiny]\n", r"\[tiny\] names no binaries"),
            ('[none]\nbinaries = ["none"]\n', r"\[none\] has no tools/none/go.mod"),
            ("[tiny\n", r"tools/programs.toml: .*line 1"),
        ],
    )
    def test_mistake(self, tools: Path, text: str, said: str) -> None:
        """A mistake is one line that names the table."""
        catalogue(tools, text)
        with pytest.raises(UserError, match=said):
            programs.load()

    @pytest.mark.usefixtures("tools")
    def test_unknown(self) -> None:
        """A tool or a program that nothing builds is named, and so is what there is."""
        for ask in (programs.ensure, programs.homes, programs.missing):
            with pytest.raises(UserError, match=r"nope: not in tools/programs.toml; known: tiny"):
                ask("nope")
        with pytest.raises(UserError, match=r"nope: no folder of tools/ builds it"):
            programs.path("nope")

    def test_version_of_no_pin(self, tools: Path) -> None:
        """A recipe that asks for the version of a module that is not pinned is an error."""
        catalogue(tools, '[tiny]\nbinaries = ["tiny"]\npackage = "."\nldflags = ["-X a={version:example.test/no}"]\n')
        with pytest.raises(UserError, match=r"tools/tiny/go.mod: no requirement of example.test/no"):
            programs.ensure("tiny")


class TestBuild:
    """`programs.ensure`, `path`, `homes` and `missing`."""

    def test_builds_once(self, tools: Path) -> None:
        """A program is built when it is first asked for, runs, and is not built again."""
        recipe = 'binaries = ["small"]\npackage = "."\nrename = {tiny = "small"}\nldflags = ["-X main.version=v1"]'
        catalogue(tools, f"[tiny]\n{recipe}\n")
        assert programs.missing("tiny") == ["tiny"]
        with pytest.raises(UserError, match="tiny: not built"):
            programs.homes("tiny")
        program = programs.path("small")
        assert process.run([program]).stderr == "v1\n"
        assert programs.missing("tiny") == []
        assert programs.homes("tiny") == programs.ensure("tiny") == {"tiny": program.parent}
        before = program.stat().st_mtime_ns
        assert programs.path("small").stat().st_mtime_ns == before

    def test_data(self, tools: Path) -> None:
        """Folders of a module are kept beside the programs, as files that can be removed again."""
        catalogue(tools, '[tiny]\nbinaries = ["tiny"]\npackage = "."\ndata = {files = "example.test/tiny:assets"}\n')
        home = programs.ensure("tiny")["tiny"]
        assert (home / "files" / "a.txt").read_text() == "asset"

    def test_failing_build(self, tools: Path) -> None:
        """A build that fails is one line with the compiler's words; nothing half-made is left or taken."""
        (tools / "tiny" / "main.go").write_text("package main\n\nfunc main() { nonsense() }\n")
        with pytest.raises(UserError) as caught:
            programs.ensure("tiny")
        said = str(caught.value)
        assert said.startswith("tools/tiny: the build failed: ")
        assert "undefined: nonsense" in said
        assert "\n" not in said
        assert programs.missing("tiny") == ["tiny"]
        assert [path for path in programs.load()["tiny"].home().parent.iterdir() if path.is_dir()] == []

    def test_binary_that_does_not_come(self, tools: Path) -> None:
        """A recipe that names what the build does not give is an error that says so."""
        catalogue(tools, '[tiny]\nbinaries = ["tiny", "more"]\npackage = "."\n')
        with pytest.raises(UserError, match=r"tools/tiny: the build did not give more; see tools/programs.toml"):
            programs.ensure("tiny")

    @pytest.mark.parametrize(
        ("gibibytes", "cores", "expected"),
        [
            (24, 2, {"GOGC": "off", "GOMEMLIMIT": f"{4 << 30}B"}),
            (3, 1, {"GOGC": "off", "GOMEMLIMIT": f"{1 << 30}B"}),
            (5, 2, {}),
        ],
    )
    def test_collecting(self, gibibytes: int, cores: int, expected: dict[str, str]) -> None:
        """Compilers collect no garbage as long as all of them fit into a third of the memory, and do elsewhere."""
        assert programs._without_collecting(gibibytes << 30, cores) == expected

    @pytest.mark.usefixtures("tools")
    def test_told_as_steps(self) -> None:
        """What is built is told, and what is there already is not."""
        said = io.StringIO()
        for _ in range(2):
            programs.ensure("tiny", plan=Plan("programs", 1, Console(file=said, width=200)))
        assert said.getvalue().count("building tiny (pinned Go module; once)") == 1

    @pytest.mark.usefixtures("tools")
    def test_two_at_once_build_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Two that want the same program at the same time get it, and one of them builds it."""
        builds: list[str] = []
        run = process.run

        def counted(argv: list[str], **options: object) -> object:
            builds.extend(word for word in argv if word == "install")
            return run(argv, **options)  # type: ignore[arg-type]

        monkeypatch.setattr(process, "run", counted)
        threads = [threading.Thread(target=programs.ensure, args=("tiny",)) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert programs.missing("tiny") == []
        assert builds == ["install"]
