"""How many votes a second the vote page acknowledges, by the number of voters at a time.

The real service (gunicorn, its threads, one process) with a real Redis (appendfsync always); the peer is the same page
for one voter at a time, which pays an fsync for each vote: `./nox -s bench -- vote_throughput [seconds]`.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ballotbox_common.broker import STREAM
from harness.waiting import Seen, wait_for
from tests.fix_redis import PASSWORD, RedisServer, free_port

SECONDS = 4.0
VOTERS = (1, 8, 32, 64)


async def vote(port: int, until: float, latencies: list[float]) -> None:
    """Vote again and again on one connection, as a bare client does: the bench must not be what is measured."""
    body = b"choice=a"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    cookie = b""
    while time.perf_counter() < until:
        start = time.perf_counter()
        writer.write(
            b"POST / HTTP/1.1\r\nHost: vote\r\nAccept: application/json\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: %d\r\n%s\r\n%s" % (len(body), cookie, body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"not acknowledged: {head.decode()}")
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:] if line)
        await reader.readexactly(int(fields[b"Content-Length"]))
        latencies.append(time.perf_counter() - start)
        cookie = b"Cookie: " + fields[b"Set-Cookie"].split(b";")[0] + b"\r\n"
    writer.close()
    await writer.wait_closed()


async def measure(port: int, voters: int, seconds: float) -> list[float]:
    """Let so many voters vote at a time; give the seconds each vote took."""
    latencies: list[float] = []
    until = time.perf_counter() + seconds
    await asyncio.gather(*(vote(port, until, latencies) for _ in range(voters)))
    return latencies


def serve(redis: RedisServer, port: int, admin_port: int) -> subprocess.Popen[bytes]:
    """Start the vote page."""
    return subprocess.Popen(
        [sys.executable, "-m", "ballotbox_vote"],
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.environ["PYTHONPATH"],  # as `./nox -s bench` sets it
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(redis.port),
            "REDIS_PASSWORD": PASSWORD,
            "COOKIE_KEY": "k" * 32,
            "HTTP_PORT": str(port),
            "ADMIN_PORT": str(admin_port),
            "LOG_LEVEL": "warning",
            "THREADS": os.environ.get("THREADS", ""),
        },
    )


def accepts(port: int) -> bool:
    """Say whether anybody listens."""

    async def knock() -> None:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()

    try:
        asyncio.run(knock())
    except OSError:
        return False
    return True


def main() -> None:
    """Measure every number of voters."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    folder = Path(tempfile.mkdtemp(prefix="ballotbox-bench-"))
    redis = RedisServer(folder)
    redis.start()
    port, admin_port = free_port(), free_port()
    service = serve(redis, port, admin_port)
    try:
        wait_for("the vote page", lambda: Seen(done=accepts(port), state="nobody listens"), timeout_s=30)
        peer = 0.0
        acknowledged = 0
        for voters in VOTERS:
            latencies = asyncio.run(measure(port, voters, seconds))
            acknowledged += len(latencies)
            rate = len(latencies) / seconds
            peer = peer or rate
            p50, p99 = statistics.median(latencies), statistics.quantiles(latencies, n=100)[98]
            print(
                f"{voters:>3} at a time: {rate:>7,.0f} votes/s acknowledged, {rate / peer:>4.1f} times the peer; "
                f"latency {1000 * p50:.1f} ms median, {1000 * p99:.1f} ms 99th percentile"
            )
        with redis.client() as client:
            stored = client.xlen(STREAM)
        if stored != acknowledged:
            sys.exit(f"acknowledged {acknowledged}, stored {stored}")
        print(f"every acknowledged vote is in the stream: {stored:,}")
    finally:
        service.terminate()
        service.wait()
        redis.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
