"""Who listens on a TCP port that a browser would reach as localhost: read from /proc, Linux only.

Format: https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html
"""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTEN = "0A"
_ADDRESS, _STATE, _INODE = 1, 3, 9  # columns


@dataclass(frozen=True)
class Listener:
    """One listening socket.

    Attributes:
        address: The local address; an IPv4 address mapped into IPv6 is given as IPv4.
        port: The local port.
        inode: The socket's inode, which leads to its process.
    """

    address: str
    port: int
    inode: int

    @property
    def on_localhost(self) -> bool:
        """Whether a browser that opens http://localhost:PORT could end up here."""
        return self.address in {"0.0.0.0", "127.0.0.1", "::", "::1"}  # noqa: S104  # looked at, not bound


def parse(table: str) -> list[Listener]:
    """Read the listening sockets from the text of /proc/net/tcp or /proc/net/tcp6."""
    found = []
    for line in table.splitlines()[1:]:
        columns = line.split()
        if len(columns) <= _INODE or columns[_STATE] != _LISTEN:
            continue
        address, _, port = columns[_ADDRESS].partition(":")
        found.append(Listener(_address(address), int(port, 16), int(columns[_INODE])))
    return found


def _address(text: str) -> str:
    # The kernel prints each 32-bit word of the address as a number of the machine's own byte order.
    words = [int(text[start : start + 8], 16) for start in range(0, len(text), 8)]
    address = ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def read(proc: Path = Path("/proc")) -> list[Listener]:
    """Read this machine's listening sockets; none where there is no such /proc."""
    tables = (proc / "net" / "tcp", proc / "net" / "tcp6")
    return [listener for table in tables if table.is_file() for listener in parse(table.read_text())]


def owner(inode: int, proc: Path = Path("/proc")) -> str:
    """Return the process that has a socket as `name (process 123)`, or words that say that it does not show."""
    wanted = f"socket:[{inode}]"
    for process in proc.glob("[0-9]*"):
        try:
            if wanted in _links(process / "fd"):
                return f"{(process / 'comm').read_text(errors='replace').strip()} (process {process.name})"
        except OSError:  # the process is gone, or someone else's
            continue
    return "a process that this user may not see"


def _links(folder: Path) -> Iterator[str]:
    for link in folder.iterdir():
        try:
            yield str(link.readlink())
        except FileNotFoundError:  # closed meanwhile
            continue
