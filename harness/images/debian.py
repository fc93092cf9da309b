"""Chooses and downloads the Debian packages that a base image is made of; apt verifies every one of them.

apt resolves names against an empty machine (no package installed), so the answer does not depend on what this machine
has. Of that answer only what is reached without passing an excluded package is kept: dpkg, debconf and perl are what a
maintainer script needs, not what a program needs. apt checks the signature of the archive's Release file, which vouches
for the index, which vouches for the hash of every .deb: that chain is left as it is.
"""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import process
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_APT_TIMEOUT_S = 600.0
_LISTS = Path("/var/lib/apt/lists")
# As if nothing were installed.
_EMPTY_MACHINE = ("-o", "Dir::State::status=/dev/null")
_INST = re.compile(r"^Inst (?P<name>\S+) \((?P<version>\S+) ")
_DEPENDENCY = re.compile(r"\s*(?P<name>[a-z0-9][a-z0-9+.-]+)")


class StaleListsError(UserError):
    """apt's lists lack a package, or name a file that the archive has dropped for a newer one."""


@dataclass(frozen=True, order=True)
class Package:
    """A package as apt would install it now."""

    name: str
    version: str

    def __str__(self) -> str:
        """Give it as apt's command line takes it."""
        return f"{self.name}={self.version}"


@dataclass(frozen=True)
class Stanza:
    """What the archive's index says of one package.

    Attributes:
        name: Its name.
        provides: Names it also answers to.
        depends: Groups of alternatives, one of each of which it needs.
    """

    name: str
    provides: frozenset[str]
    depends: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Wish:
    """What is asked for.

    Attributes:
        names: Package names; "a|b" takes the first that the archive has.
        exclude: Shell patterns of package names that are left out, together with what only they need.
    """

    names: tuple[str, ...]
    exclude: tuple[str, ...] = ()


def lists_fingerprint() -> str:
    """Return text that changes whenever apt's idea of the archive does (`apt-get update`, an edited source)."""
    files = [path for path in _LISTS.glob("*_*") if path.is_file()] if _LISTS.is_dir() else []
    facts = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(files)]
    return "\n".join(f"{name} {size} {mtime}" for name, size, mtime in facts)


def resolve(wishes: Mapping[str, Wish]) -> dict[str, tuple[Package, ...]]:
    """Choose what to unpack for each wish, all with the same versions.

    Raises:
        StaleListsError: The lists have none of the alternatives of a name, or not what it depends on.
        UserError: There is no apt.
    """
    _require_apt()
    # apt reads its lists anew at every call, which takes it a second: one call for all names.
    known = parse_stanzas(_apt_cache_show({name for wish in wishes.values() for name in _alternatives(wish.names)}))
    chosen = {key: _choose(wish.names, known) for key, wish in wishes.items()}
    everything = sorted({name for names in chosen.values() for name in names})
    simulated = _lists_permitting(
        ["install", "--simulate", "--no-install-recommends", *_EMPTY_MACHINE, *everything]
    ).stdout
    versions = {match["name"]: match["version"] for line in simulated.splitlines() if (match := _INST.match(line))}
    stanzas = parse_stanzas(_apt_cache_show(f"{name}={version}" for name, version in versions.items()))
    return {
        key: tuple(sorted(Package(name, versions[name]) for name in reach(chosen[key], stanzas, wish.exclude)))
        for key, wish in wishes.items()
    }


def download(packages: Iterable[Package], into: Path) -> list[Path]:
    """Download the packages that are not in `into` yet.

    Returns:
        The .deb files, in the order of `packages`.

    Raises:
        StaleListsError: The archive does not have one of them any more.
    """
    into.mkdir(parents=True, exist_ok=True)
    packages = tuple(packages)
    missing = [package for package in packages if _deb(package, into) is None]
    if missing:
        _lists_permitting(["download", "--quiet", *map(str, missing)], cwd=into)
    lost = [str(package) for package in packages if _deb(package, into) is None]
    if lost:
        raise UserError(f"apt-get download: said it was done, yet {into} has no file of {', '.join(lost)}")
    return files(packages, into)


def files(packages: Iterable[Package], folder: Path) -> list[Path]:
    """Return the .deb files of these packages that are in a folder, in their order."""
    found = (_deb(package, folder) for package in packages)
    return [path for path in found if path is not None]


def refresh_lists() -> None:
    """Run `apt-get update`: a fresh machine has no lists, and the archive drops a file when a newer version arrives.

    Raises:
        UserError: Not root.
    """
    if os.geteuid() != 0:
        raise UserError("apt's package lists are missing or out of date: run `apt-get update` as root, then try again")
    _apt_get(["update", "--quiet"])


def parse_stanzas(text: str) -> dict[str, Stanza]:
    """Parse the output of `apt-cache show`; the first stanza of a name counts."""
    stanzas: dict[str, Stanza] = {}
    for block in text.split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", block, flags=re.MULTILINE))
        if "Package" in fields:
            groups = ",".join(fields[key] for key in ("Pre-Depends", "Depends") if key in fields)
            stanza = Stanza(
                name=fields["Package"],
                provides=frozenset(name for group in _groups(fields.get("Provides", "")) for name in group),
                depends=tuple(_groups(groups)),
            )
            stanzas.setdefault(stanza.name, stanza)
    return stanzas


def reach(seeds: Iterable[str], stanzas: dict[str, Stanza], exclude: Sequence[str]) -> set[str]:
    """Return the names reached from `seeds` over dependencies within `stanzas`, never through an excluded name."""
    providers: dict[str, set[str]] = {}
    for stanza in stanzas.values():
        for name in (stanza.name, *stanza.provides):
            providers.setdefault(name, set()).add(stanza.name)
    reached: set[str] = set()
    queue = [name for seed in seeds for name in providers.get(seed, ())]
    while queue:
        name = queue.pop()
        if name in reached or any(fnmatch.fnmatchcase(name, pattern) for pattern in exclude):
            continue
        reached.add(name)
        for group in stanzas[name].depends:
            queue.extend(provider for alternative in group for provider in providers.get(alternative, ()))
    return reached


def _groups(field: str) -> list[tuple[str, ...]]:
    groups = [
        tuple(m["name"] for part in group.split("|") if (m := _DEPENDENCY.match(part))) for group in field.split(",")
    ]
    return [group for group in groups if group]


def _choose(names: Sequence[str], known: Mapping[str, Stanza]) -> list[str]:
    chosen = []
    for group in names:
        best = next((name for name in group.split("|") if name in known), None)
        if best is None:
            raise StaleListsError(
                f"package {group.replace('|', ' or ')}: not in apt's lists; run `apt-get update`, then try again"
            )
        chosen.append(best)
    return chosen


def _alternatives(names: Iterable[str]) -> Iterator[str]:
    for group in names:
        yield from group.split("|")


def _apt_cache_show(names: Iterable[str]) -> str:
    # A name that the archive lacks makes it fail although it shows the others.
    return process.run(["apt-cache", "show", "--no-all-versions", *_EMPTY_MACHINE, *names], check=False).stdout


def _deb(package: Package, folder: Path) -> Path | None:
    # The file name carries the version with its colon escaped, then the architecture, which may be "all".
    version = package.version.replace(":", "%3a")
    return next(iter(folder.glob(f"{package.name}_{version}_*.deb")), None)


def _apt_get(arguments: Sequence[str], cwd: Path | None = None) -> process.Completed:
    # apt's own sandbox user cannot write below a root-only cache folder; verification is the same without it.
    argv = ["apt-get", "-o", "APT::Sandbox::User=root", "-o", "Acquire::Retries=3", *arguments]
    return process.run(
        argv, cwd=cwd, env={"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}, timeout_s=_APT_TIMEOUT_S
    )


def _lists_permitting(arguments: Sequence[str], cwd: Path | None = None) -> process.Completed:
    try:
        return _apt_get(arguments, cwd)
    except process.ProcessError as error:
        raise StaleListsError(f"{error}; if its lists are old, `apt-get update` helps") from None


def _require_apt() -> None:
    if not Path("/usr/bin/apt-get").exists():
        raise UserError(
            "apt-get: not on this machine, and the offline base images are made of Debian packages; "
            "use Debian or Ubuntu, or build the Containerfiles with Docker: `docker compose build`"
        )
