"""The choice of Debian packages."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from harness.images import debian
from harness.images.debian import Package, StaleListsError, Wish, parse_stanzas, reach

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = """\
Package: redis-server
Version: 5:7.0.15-1
Pre-Depends: init-system-helpers (>= 1.54~)
Depends: lsb-base (>= 3.2-14), redis-tools (= 5:7.0.15-1)
Description: Persistent key-value database
 Depends: this is prose

Package: redis-tools
Version: 5:7.0.15-1
Depends: libc6 (>= 2.34), libssl3 (>= 3.0.0), debconf (>= 0.5) | debconf-2.0

Package: libssl3t64
Provides: libssl3 (= 3.0.22)
Depends: libc6 (>= 2.34)

Package: libc6
Depends: libgcc-s1

Package: libgcc-s1

Package: debconf
Depends: perl-base:any

Package: perl-base

Package: init-system-helpers
Depends: perl-base

Package: lsb-base
"""


def test_parses_stanzas() -> None:
    """Dependencies are groups of alternatives without versions; a description is not a field."""
    stanza = parse_stanzas(SHOWN)["redis-tools"]
    assert stanza.depends == (("libc6",), ("libssl3",), ("debconf", "debconf-2.0"))
    assert parse_stanzas(SHOWN)["redis-server"].depends[0] == ("init-system-helpers",)
    assert parse_stanzas(SHOWN)["libssl3t64"].provides == {"libssl3"}


def test_first_stanza_of_a_name_counts() -> None:
    """Apt shows the candidate first; an older version after it says nothing."""
    assert parse_stanzas("Package: aa\nDepends: bb\n\nPackage: aa\nDepends: cc\n")["aa"].depends == (("bb",),)


def test_reaches_over_dependencies_and_provided_names() -> None:
    """A package comes with what it needs, under whatever name the archive has it."""
    assert reach(["redis-tools"], parse_stanzas(SHOWN), ["debconf"]) == {
        "redis-tools",
        "libc6",
        "libssl3t64",
        "libgcc-s1",
    }


def test_never_passes_an_excluded_package() -> None:
    """What only an excluded package needs stays out; what another needs as well does not."""
    stanzas = parse_stanzas(SHOWN)
    assert "perl-base" not in reach(["redis-server"], stanzas, ["debconf", "init-system-*", "lsb-base"])
    assert "perl-base" in reach(["redis-server"], stanzas, ["debconf", "lsb-base"])


def test_finds_the_file_of_a_version_with_an_epoch(tmp_path: Path) -> None:
    """A colon in a version is escaped in the file's name."""
    (tmp_path / "redis-tools_5%3a7.0.15-1_amd64.deb").touch()
    assert debian.download([Package("redis-tools", "5:7.0.15-1")], tmp_path)[0].name.startswith("redis-tools")


@pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt on this machine")
class TestWithApt:
    """With this machine's own apt."""

    def test_unknown_package_is_named(self) -> None:
        """A package that the lists lack is named, with every alternative."""
        with pytest.raises(StaleListsError, match="no-such-package-here or nor-this"):
            debian.resolve({"x": Wish(("no-such-package-here|nor-this",))})

    def test_download_of_a_version_that_is_gone(self, tmp_path: Path) -> None:
        """A version that the archive does not have is a matter of stale lists."""
        with pytest.raises(StaleListsError, match="base-files"):
            debian.download([Package("base-files", "0.0-never")], tmp_path)
