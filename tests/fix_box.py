"""Boxes whose programs are stand-ins: everything of a cluster but Kubernetes itself."""

from __future__ import annotations

import dataclasses
import os
from typing import TYPE_CHECKING

import pytest

from harness import programs
from harness.cluster.embedded import kubeconfig, lifecycle, pki
from harness.cluster.embedded.components import TOOLS
from harness.cluster.embedded.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Not the same for two runs of the tests at a time: a start removes what is left of that name.
NAME = f"ballotbox-unit-{os.getpid()}"


@dataclasses.dataclass(frozen=True)
class FakePrograms:
    """The programs of tools/ that a cluster runs, each a shell script that sleeps until a test says otherwise."""

    homes: dict[str, Path]

    def write(self, tool: str, program: str, script: str) -> None:
        """Let a program be this shell script."""
        path = self.homes[tool] / program
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)


@pytest.fixture
def fake_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakePrograms:
    """Give XDG folders of a test's own, with a stand-in for every program."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    tools = programs.load()
    made = FakePrograms({name: tools[name].home() for name in TOOLS})
    for name, home in made.homes.items():
        home.mkdir(parents=True)
        for program in tools[name].binaries:
            made.write(name, program, "exec sleep 600")
    return made


@pytest.fixture
def box(fake_programs: FakePrograms, tmp_path: Path) -> Iterator[Layout]:
    """Give a cluster of stand-ins that runs; what is left of it afterwards is removed."""
    if os.geteuid() != 0:
        pytest.skip("needs root for namespaces and cgroups")
    assert fake_programs.homes
    with lifecycle.claim(0, 0) as sockets:
        ports = [each.getsockname()[1] for each in (sockets.vote, sockets.result)]
        layout = Layout(NAME, tmp_path / "state" / "ballotbox" / NAME, sockets.api_port, *ports)
        layout.save()
        pki.write(layout.pki, layout.node_name)
        kubeconfig.write_all(layout)
        lifecycle.start(layout, sockets)
    yield layout
    lifecycle.stop(layout)
