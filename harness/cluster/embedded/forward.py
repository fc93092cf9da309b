"""Carries connections from the host's loopback into the cluster, in user space.

The listening sockets are made in the host's network namespace and inherited; the connections out are made in the
namespace this program runs in. So the host needs no route and no interface towards the cluster.

    python -m harness.cluster.embedded.forward FD=ADDRESS:PORT[:SOURCE] ...
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import sys
from dataclasses import dataclass

_CHUNK_BYTES = 64 * 1024
_CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Forward:
    """One inherited listening socket and where its connections go.

    Attributes:
        fd: The file descriptor of the listening socket.
        address: The target's IPv4 address.
        port: The target's TCP port.
        source: The local address to connect from, or none for the kernel's choice.
    """

    fd: int
    address: str
    port: int
    source: str | None = None

    @classmethod
    def parse(cls, text: str) -> Forward:
        """Read `FD=ADDRESS:PORT[:SOURCE]`."""
        fd, _, target = text.partition("=")
        address, port, *source = target.split(":")
        return cls(int(fd), address, int(port), source[0] if source else None)

    def __str__(self) -> str:
        suffix = f":{self.source}" if self.source else ""
        return f"{self.fd}={self.address}:{self.port}{suffix}"


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:  # either side went away; the other direction ends by itself
        writer.close()


async def carry(forward: Forward, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry one accepted connection until both sides have closed it."""
    try:
        async with asyncio.timeout(_CONNECT_TIMEOUT_S):
            local = (forward.source, 0) if forward.source else None
            far_reader, far_writer = await asyncio.open_connection(forward.address, forward.port, local_addr=local)
    except OSError as error:  # TimeoutError is one: the visitor sees the connection closed, as at any dead server
        print(f"{forward.address}:{forward.port}: {str(error) or 'timed out'}", file=sys.stderr)
        await _close(writer)
        return
    try:
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))
    finally:
        await _close(far_writer)
        await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):  # the peer closed first
        await writer.wait_closed()


async def serve(forwards: list[Forward]) -> None:
    """Accept and carry connections for ever."""
    servers = []
    for forward in forwards:
        listener = socket.socket(fileno=forward.fd)
        listener.setblocking(False)  # noqa: FBT003  # the standard library's own signature

        async def accepted(
            reader: asyncio.StreamReader, writer: asyncio.StreamWriter, forward: Forward = forward
        ) -> None:
            await carry(forward, reader, writer)

        servers.append(await asyncio.start_server(accepted, sock=listener))
    await asyncio.gather(*(server.serve_forever() for server in servers))


if __name__ == "__main__":
    asyncio.run(serve([Forward.parse(word) for word in sys.argv[1:]]))
