"""The box's first process: starts the components, restarts what dies, and ends everything when it ends.

It is process 1 of the box's pid namespace, so that the kernel kills every process of the cluster with it, however it
ends; what a dead process leaves behind (zombies of containerd's shims) is reaped here too.

    python -m harness.cluster.embedded.supervisor STATE_FOLDER API_FD VOTE_FD RESULT_FD
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cluster.embedded import box, cgroups, network
from harness.cluster.embedded.components import Component, all_components
from harness.cluster.embedded.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_RESTART_FIRST_S = 0.2
_RESTART_MOST_S = 5.0
_STABLE_S = 30.0
_TICK_S = 0.05
_END_TIMEOUT_S = 5.0


@dataclass
class Running:
    """What the supervisor knows of one component."""

    component: Component
    pid: int | None = None
    started_at: float = 0.0
    restarts: int = 0
    start_no_earlier: float = 0.0
    last_exit: str = ""


@dataclass
class Supervisor:
    """Keeps components running.

    Attributes:
        layout: The cluster.
        components: What to run, in the order of first starts.
        log: Says one line.
    """

    layout: Layout
    components: Iterable[Component]
    log: Callable[[str], None]
    _running: list[Running] = field(init=False, default_factory=list)
    _begun: float = field(init=False, default_factory=time.monotonic)
    _ended: bool = field(init=False, default=False)

    def run(self) -> None:
        """Keep the components running until SIGTERM."""
        self._running = [Running(component) for component in self.components]
        watched = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, watched)
        while not self._ended:
            self._reap()
            self._start_what_is_due()
            received = signal.sigtimedwait(watched, _TICK_S if self._waiting() else 1.0)
            if received is not None and received.si_signo in {signal.SIGTERM, signal.SIGINT}:
                self.log(f"signal {received.si_signo}: ending everything")
                self._ended = True

    def end(self) -> None:
        """Kill every process of the box but this one, and wait until they are gone."""
        deadline = time.monotonic() + _END_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                os.kill(-1, signal.SIGKILL)
                os.waitpid(-1, 0)
            except (ProcessLookupError, ChildProcessError):
                return

    def _waiting(self) -> bool:
        return any(running.pid is None for running in self._running)

    def _start_what_is_due(self) -> None:
        now = time.monotonic()
        for running in self._running:
            if running.pid is None and now >= running.start_no_earlier and running.component.may_start():
                self._start(running, now)

    def _start(self, running: Running, now: float) -> None:
        component = running.component
        sink = os.open(self.layout.logs / f"{component.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            running.pid = os.posix_spawnp(
                component.argv[0],
                component.argv,
                {**os.environ, **component.env},
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, sink, 1),
                    (os.POSIX_SPAWN_DUP2, sink, 2),
                ],
                setsigmask=(),
                setpgroup=0,
            )
        finally:
            os.close(sink)
        running.started_at = now
        self.log(f"{component.name}: started, pid {running.pid}, {now - self._begun:.1f} s after the supervisor")
        self._write_status()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            for running in self._running:
                if running.pid == pid:
                    self._ended_by_itself(running, status)

    def _ended_by_itself(self, running: Running, status: int) -> None:
        now = time.monotonic()
        code = os.waitstatus_to_exitcode(status)
        running.last_exit = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
        lived_s = now - running.started_at
        running.pid = None
        running.restarts = 0 if lived_s >= _STABLE_S else running.restarts + 1
        pause_s = min(_RESTART_MOST_S, _RESTART_FIRST_S * 2 ** max(0, running.restarts - 1))
        running.start_no_earlier = now + pause_s
        self.log(
            f"{running.component.name}: ended with {running.last_exit} after {lived_s:.1f} s; starting it again in "
            f"{pause_s:.1f} s; see {running.component.name}.log"
        )
        self._write_status()

    def _write_status(self) -> None:
        status = {
            "components": {
                running.component.name: {
                    "pid_in_box": running.pid,
                    "restarts": running.restarts,
                    "last_exit": running.last_exit,
                }
                for running in self._running
            }
        }
        scratch = self.layout.status.with_suffix(".tmp")
        scratch.write_text(json.dumps(status, indent=2))
        scratch.rename(self.layout.status)


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def main(argv: list[str]) -> int:
    """Run the box of one cluster; returns when it was told to end."""
    layout = Layout.load(Path(argv[0]))
    api_fd, vote_fd, result_fd = (int(word) for word in argv[1:4])
    socket.sethostname(layout.node_name)
    box.mount(layout)
    network.set_up()
    hierarchies = cgroups.read()
    cgroups.remove(hierarchies, layout.cgroup)
    cgroups.create(hierarchies, layout.cgroup)
    supervisor = Supervisor(layout, all_components(layout, api_fd, vote_fd, result_fd), _say)
    try:
        supervisor.run()
    finally:
        supervisor.end()
        cgroups.remove(hierarchies, layout.cgroup)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
