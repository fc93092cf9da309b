"""Carrying connections in user space."""

from __future__ import annotations

import asyncio
import socket

import pytest

from harness.cluster.embedded.forward import Forward, carry, serve


@pytest.mark.parametrize("text", ["7=10.0.0.1:80", "3=192.168.77.2:30080:203.0.113.20"])
def test_parse_is_the_inverse_of_str(text: str) -> None:
    """A forward reads what it writes."""
    assert str(Forward.parse(text)) == text


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write((await reader.read(-1))[::-1])
    await writer.drain()
    await _close(writer)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await writer.wait_closed()


def _listener() -> socket.socket:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)  # noqa: FBT003  # the standard library's own signature
    return listener


def test_carries_both_ways_and_half_closes() -> None:
    """A peer that answers only after end-of-file gets it, and its answer comes back whole."""

    async def scenario() -> bytes:
        target = await asyncio.start_server(_echo, "127.0.0.1", 0)
        port = target.sockets[0].getsockname()[1]
        listener = _listener()
        entry = listener.getsockname()[1]
        serving = asyncio.create_task(serve([Forward(listener.detach(), "127.0.0.1", port)]))
        reader, writer = await asyncio.open_connection("127.0.0.1", entry)
        writer.write(b"x" * 200_000 + b"end")
        writer.write_eof()
        answer = await reader.read(-1)
        await _close(writer)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        target.close()
        await target.wait_closed()
        return answer

    assert asyncio.run(scenario()) == b"dne" + b"x" * 200_000


def test_dead_target_closes_the_visitor(capsys: pytest.CaptureFixture[str]) -> None:
    """A visitor of a port nobody serves sees the connection end, and the log says which target was dead."""

    async def scenario() -> bytes:
        with socket.create_server(("127.0.0.1", 0)) as placeholder:
            dead = placeholder.getsockname()[1]

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await carry(Forward(0, "127.0.0.1", dead), reader, writer)

        entry = await asyncio.start_server(accepted, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection("127.0.0.1", entry.sockets[0].getsockname()[1])
        answer = await reader.read(-1)
        await _close(writer)
        entry.close()
        await entry.wait_closed()
        return answer

    assert asyncio.run(scenario()) == b""
    assert "127.0.0.1:" in capsys.readouterr().err
