"""Keeps ports of localhost leading to Services, by `kubectl port-forward`, until it is told to end.

For providers whose nodes this machine does not run itself. One detached process holds a lock file as long as it lives:
the lock, not a process id that may be someone else's by now, tells whether forwarding runs.
"""

from __future__ import annotations

import fcntl
import functools
import os
import signal
import socket
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from harness import paths, process
from harness.cluster.manager import NAMESPACE, Endpoints
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from harness.settings import ClusterSettings

_OPEN_TIMEOUT_S = 30.0
_END_TIMEOUT_S = 10.0
_AGAIN_S = 0.5


@dataclass(frozen=True)
class Forward:
    """One port of localhost and the Service, `name:port`, that it leads to."""

    local_port: int
    service: str
    remote_port: int

    @property
    def words(self) -> tuple[str, str]:
        """What `kubectl port-forward` takes."""
        return f"service/{self.service}", f"{self.local_port}:{self.remote_port}"


class Forwarding:
    """The detached process of one cluster.

    Args:
        state: The cluster's state folder.
        kubectl: The argument vector that opens every kubectl command against the cluster.
    """

    def __init__(self, state: Path, kubectl: list[str]) -> None:
        self._lock = state / "forwarding.lock"
        self._log = state / "forwarding.log"
        self._kubectl = kubectl

    def running(self) -> bool:
        """Tell whether the process lives."""
        return _holder(self._lock) is not None

    def ensure(self, namespace: str, forwards: list[Forward]) -> None:
        """Start forwarding unless it runs, and wait until every port answers.

        Raises:
            WaitError: A port does not answer; the message has kubectl's last words.
        """
        if not self.running():
            self._log.unlink(missing_ok=True)
            words = [word for forward in forwards for word in forward.words]
            process.start_detached(
                [sys.executable, "-m", __name__, str(self._lock), namespace, str(len(words)), *words, *self._kubectl],
                log=self._log,
                env={"PYTHONPATH": str(paths.ROOT)},
            )
        for forward in forwards:
            what = f"port {forward.local_port} to {forward.service}"
            wait_for(what, functools.partial(self._look, forward), timeout_s=_OPEN_TIMEOUT_S)

    def stop(self) -> None:
        """End forwarding; it is no error if none runs."""
        pid = _holder(self._lock)
        if pid is None:
            return
        os.killpg(pid, signal.SIGTERM)
        wait_for(
            "the end of port forwarding",
            lambda: Seen(not self.running(), f"process {pid} still holds {self._lock}"),
            timeout_s=_END_TIMEOUT_S,
        )

    def _look(self, forward: Forward) -> Seen:
        try:
            with socket.create_connection(("127.0.0.1", forward.local_port), timeout=1):
                return Seen(done=self.running(), state="another program answers there")
        except OSError as error:
            said = self._log.read_text(errors="replace").strip().splitlines()[-2:] if self._log.is_file() else []
            return Seen(done=False, state=" | ".join([str(error), *said]))


def open_pages(settings: ClusterSettings, forwarding: Forwarding) -> Endpoints:
    """Let the two ports of the settings lead to the vote and the result page, and return the addresses."""
    ports = settings.vote_port, settings.result_port
    forwarding.ensure(NAMESPACE, [Forward(ports[0], "vote", 80), Forward(ports[1], "result", 80)])
    return Endpoints(*(f"http://localhost:{port}" for port in ports))


def _holder(lock: Path) -> int | None:
    """Return the process that holds the lock, or None."""
    try:
        file = lock.open("r+")
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            said = file.read().strip()
            return int(said) if said else None
    return None


def main(arguments: list[str]) -> int:
    """Forward until killed: LOCK NAMESPACE COUNT (SERVICE PORTS)... KUBECTL..."""
    lock, namespace, count, *words = arguments
    pairs, kubectl = words[: int(count)], words[int(count) :]
    with Path(lock).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0  # another one is faster
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        threads = [
            threading.Thread(
                target=_forward, args=([*kubectl, "port-forward", "--namespace", namespace, service, ports],)
            )
            for service, ports in zip(pairs[::2], pairs[1::2], strict=True)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return 0


def _forward(argv: list[str]) -> None:
    def look() -> Seen:
        ended = process.stream(argv, lambda line: print(line, flush=True), check=False)
        print(f"{argv[-2]}: kubectl ended: {ended.stderr.strip()}", flush=True)
        return Seen(done=False, state="kubectl ended")

    # kubectl ends whenever its pod does; the next one finds another pod. Only a signal ends this.
    wait_for(f"port forwarding to {argv[-2]}", look, timeout_s=float("inf"), interval_s=_AGAIN_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
