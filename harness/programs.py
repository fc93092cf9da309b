"""Builds the pinned Go programs of tools/ and keeps them, each under the hash of its pins.

A changed pin, source file or recipe gives another hash and so another folder: what did not change is never built again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import paths, process
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from harness.progress import Plan

TOOLS = paths.ROOT / "tools"
_BUILD_TIMEOUT_S = 45 * 60.0
# A compiler works on one package and ends: what it would collect, the kernel gets back a second later. Go starts about
# one of them a core. Below this much memory for each they collect as usual.
_COMPILER_BYTES_LEAST = 1 << 30
_VERSION = re.compile(r"\{(version|major|minor):([^}]+)\}")
_PARTS = {"major": 0, "minor": 1}


@dataclass(frozen=True)
class Tool:
    """One folder of tools/: what it builds and how."""

    name: str
    folder: Path
    binaries: tuple[str, ...]
    package: str = "tool"
    ldflags: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, str] = field(default_factory=dict)

    def digest(self) -> str:
        """Return the hash of everything that decides what is built: pins, sources and recipe."""
        sources = sorted(
            path
            for path in self.folder.rglob("*")
            if path.is_file() and (path.suffix == ".go" or path.name in {"go.mod", "go.sum"})
        )
        recipe = repr(
            (self.binaries, self.package, self.ldflags, sorted(self.rename.items()), sorted(self.data.items()))
        )
        state = hashlib.sha256(recipe.encode())
        for path in sources:
            state.update(f"\0{path.relative_to(self.folder)}\0".encode() + path.read_bytes())
        return state.hexdigest()[:16]

    def home(self) -> Path:
        """Return the folder that holds, or will hold, the built programs."""
        return paths.cache_dir() / "programs" / f"{self.name}-{self.digest()}"

    def built(self) -> bool:
        """Tell whether the programs are there."""
        return self.home().is_dir()


def load() -> dict[str, Tool]:
    """Read tools/programs.toml.

    Raises:
        UserError: It does not parse, or a table names no folder with a go.mod, no binaries, or a key that means
            nothing.
    """
    try:
        catalogue = tomllib.loads((TOOLS / "programs.toml").read_text())
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"tools/programs.toml: {error}") from None
    return {name: _tool(name, TOOLS / name, table) for name, table in catalogue.items()}


def _tool(name: str, folder: Path, table: dict[str, Any]) -> Tool:
    unknown = set(table) - {"binaries", "package", "ldflags", "rename", "data"}
    if unknown:
        raise UserError(f"tools/programs.toml: [{name}] has unknown keys: {', '.join(sorted(unknown))}")
    if not table.get("binaries"):
        raise UserError(f"tools/programs.toml: [{name}] names no binaries; without any it is of no use")
    if not (folder / "go.mod").is_file():
        raise UserError(f"tools/programs.toml: [{name}] has no tools/{name}/go.mod, which holds its pins")
    return Tool(
        name=name,
        folder=folder,
        binaries=tuple(table["binaries"]),
        package=table.get("package", "tool"),
        ldflags=tuple(table.get("ldflags", ())),
        rename=table.get("rename", {}),
        data=table.get("data", {}),
    )


def path(binary: str) -> Path:
    """Return where a program is, building its tool first where that was not done yet.

    Raises:
        UserError: No tool builds a program of that name.
    """
    for tool in load().values():
        if binary in tool.binaries:
            return ensure(tool.name)[tool.name] / binary
    raise UserError(f"{binary}: no folder of tools/ builds it; see tools/programs.toml")


def missing(*names: str) -> list[str]:
    """Return which of these tools are not built yet.

    Raises:
        UserError: A name is unknown.
    """
    return [tool.name for tool in _known(names) if not tool.built()]


def homes(*names: str) -> dict[str, Path]:
    """Return for each of these tools the folder with its programs, which are there already; nothing is built.

    Raises:
        UserError: A name is unknown, or a tool is not built.
    """
    tools = _known(names)
    absent = [tool.name for tool in tools if not tool.built()]
    if absent:
        raise UserError(f"{', '.join(absent)}: not built, or tools/ has changed meanwhile; `./nox -s up` builds them")
    return {tool.name: tool.home() for tool in tools}


def ensure(*names: str, plan: Plan | None = None) -> dict[str, Path]:
    """Build what is missing of these tools.

    Args:
        names: Folders of tools/.
        plan: Where each build is told as a step.

    Returns:
        For each tool the folder with its programs.

    Raises:
        UserError: A name is unknown, there is no Go, or a build failed.
    """
    tools = _known(names)
    stale = [tool for tool in tools if not tool.built()]
    if not stale:
        return {tool.name: tool.home() for tool in tools}
    go = _go()
    for tool in stale:
        what = f"building {', '.join(tool.binaries)} (pinned Go module; once)"
        with plan.step(what) if plan else contextlib.nullcontext():
            _build(tool, go)
    return {tool.name: tool.home() for tool in tools}


def _known(names: Sequence[str]) -> list[Tool]:
    tools = load()
    unknown = [name for name in names if name not in tools]
    if unknown:
        raise UserError(f"{', '.join(unknown)}: not in tools/programs.toml; known: {', '.join(tools)}")
    return [tools[name] for name in names]


@contextlib.contextmanager
def _locked(home: Path) -> Iterator[None]:
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _go() -> Path:
    from harness import prerequisites  # noqa: PLC0415  # only a build needs Go; `kubectl` on a warm cache does not

    return prerequisites.go()


def _build(tool: Tool, go: Path) -> None:
    home = tool.home()
    with _locked(home):
        if tool.built():  # another process was faster
            return
        with tempfile.TemporaryDirectory(prefix=f"{tool.name}-", dir=home.parent) as scratch:
            made = Path(scratch) / "made"
            made.mkdir()
            environment = {
                "CGO_ENABLED": "0",
                "GOBIN": str(made),
                "GOFLAGS": "-mod=readonly -buildvcs=false",
                "GOTOOLCHAIN": "local",
                "GOWORK": "off",
                **_without_collecting(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"), os.cpu_count() or 1),
            }
            flags = " ".join(["-s", "-w", *(_with_versions(flag, tool) for flag in tool.ldflags)])
            # The linker drops what debuggers read (-s -w), so that the compiler need not write it in the first place.
            without_dwarf = "-gcflags=all=-dwarf=false"
            command: list[str | Path] = [go, "install", "-trimpath", without_dwarf, "-ldflags", flags, tool.package]
            try:
                process.run(command, cwd=tool.folder, env=environment, timeout_s=_BUILD_TIMEOUT_S)
            except process.ProcessError as error:
                raise UserError(f"tools/{tool.name}: the build failed: {error}") from None
            for old, new in tool.rename.items():
                (made / old).rename(made / new)
            absent = [name for name in tool.binaries if not (made / name).is_file()]
            if absent:
                raise UserError(
                    f"tools/{tool.name}: the build did not give {', '.join(absent)}; see tools/programs.toml"
                )
            for name, source in tool.data.items():
                module, _, folder = source.partition(":")
                shutil.copytree(_module_folder(go, tool, module) / folder, made / name, copy_function=shutil.copyfile)
            made.rename(home)


def _without_collecting(memory_bytes: int, cores: int) -> dict[str, str]:
    """Return the variables that spare a build the collecting of garbage, where there is the memory for it.

    Measured on etcd, two cores: 79 s with neither, 63 s with this, 58 s with this and without DWARF.
    """
    share_bytes = memory_bytes // (3 * cores)
    if share_bytes < _COMPILER_BYTES_LEAST:
        return {}
    return {"GOGC": "off", "GOMEMLIMIT": f"{share_bytes}B"}


def _module_folder(go: Path, tool: Tool, module: str) -> Path:
    said = process.run([go, "list", "-m", "-json", module], cwd=tool.folder, env={"GOFLAGS": "-mod=readonly"})
    return Path(json.loads(said.stdout)["Dir"])


def _with_versions(flag: str, tool: Tool) -> str:
    pins = (tool.folder / "go.mod").read_text()

    def version(match: re.Match[str]) -> str:
        part, module = match.groups()
        found = re.search(rf"^\s*(?:require\s+)?{re.escape(module)}\s+v(\S+)", pins, re.MULTILINE)
        if found is None:
            raise UserError(f"tools/{tool.name}/go.mod: no requirement of {module}, which tools/programs.toml asks for")
        return f"v{found[1]}" if part == "version" else found[1].split(".")[_PARTS[part]]

    return _VERSION.sub(version, flag)
