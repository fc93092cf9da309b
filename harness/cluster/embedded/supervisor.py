"""The box's first process: starts the components, restarts what dies, and ends everything when it ends.

It is process 1 of the box's pid namespace, so that the kernel kills every process of the cluster with it, however it
ends; what a dead process leaves behind (zombies of containerd's shims) is reaped here too.

    python -m harness.cluster.embedded.supervisor STATE_FOLDER LOCK_FD API_FD VOTE_FD RESULT_FD
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from harness.cluster.embedded import box, cgroups, logs, network, private
from harness.cluster.embedded.components import Component, all_components
from harness.cluster.embedded.layout import Layout
from harness.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_RESTART_FIRST_S = 0.2
_RESTART_MOST_S = 5.0
_DOUBLINGS_MOST = 10  # a power of two that no one waits for overflows a float one day
_STABLE_S = 30.0
_TICK_S = 0.05
_IDLE_TICK_S = 60.0
_END_TIMEOUT_S = 5.0
_WATCHED = frozenset({signal.SIGCHLD, signal.SIGTERM, signal.SIGINT})
# Python ignores these, and what a process ignores its children ignore as well.
_RESET = (signal.SIGPIPE, signal.SIGXFSZ)


@dataclass
class Running:
    """What the supervisor knows of one component.

    Attributes:
        component: The component.
        pid: Its process id in the box, or none if it does not run.
        started_at: When it was started last, by the monotonic clock.
        restarts: How often it ended so far.
        failures: How often it ended since it last ran long enough to count as stable.
        start_no_earlier: When it may be started again.
        last_exit: How it ended last; empty if it never did.
    """

    component: Component
    pid: int | None = None
    started_at: float = 0.0
    restarts: int = 0
    failures: int = 0
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
    _logs_looked_at: float = field(init=False, default_factory=time.monotonic)

    def run(self) -> None:
        """Keep the components running until SIGTERM or SIGINT.

        Blocks the signals it waits for, also from then on.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
        self._running = [Running(component) for component in self.components]
        while True:
            self._reap()
            self._start_what_is_due()
            self._look_at_logs()
            received = signal.sigtimedwait(_WATCHED, _TICK_S if self._waiting() else _IDLE_TICK_S)
            if received is not None and received.si_signo != signal.SIGCHLD:
                self.log(f"{signal.Signals(received.si_signo).name}: ending everything")
                return

    def end(self) -> None:
        """Kill every process of the box but this one, and wait until they are gone; for process 1 of a box alone."""
        deadline = time.monotonic() + _END_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                os.kill(-1, signal.SIGKILL)
                while os.waitpid(-1, os.WNOHANG)[0] != 0:
                    pass
            except (ProcessLookupError, ChildProcessError):  # nobody is left
                return
            signal.sigtimedwait({signal.SIGCHLD}, _TICK_S)

    def _waiting(self) -> bool:
        return any(running.pid is None for running in self._running)

    def _start_what_is_due(self) -> None:
        for running in self._running:
            if running.pid is None and time.monotonic() >= running.start_no_earlier and running.component.may_start():
                self._start(running)

    def _look_at_logs(self) -> None:
        if time.monotonic() - self._logs_looked_at < _IDLE_TICK_S:
            return
        self._logs_looked_at = time.monotonic()
        try:
            for name in logs.set_aside(self.layout.logs):
                self.log(f"{name}: has grown; what was in it is in {name}.1")
        except OSError as error:  # a full disk is no reason to end the cluster
            self.log(f"logs cannot be set aside: {error}")

    def _start(self, running: Running) -> None:
        component = running.component
        running.started_at = time.monotonic()
        try:
            running.pid = self._spawn(component)
        except OSError as error:
            self._note_end(running, f"{component.argv[0]} cannot be started: {error.strerror}")
            return
        since_s = running.started_at - self._begun
        self.log(f"{component.name}: started, pid {running.pid}, {since_s:.1f} s after the supervisor")
        self._write_status()

    def _spawn(self, component: Component) -> int:
        sink = os.open(self.layout.logs / f"{component.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return os.posix_spawnp(
                component.argv[0],
                component.argv,
                component.environment(self.layout.data),
                file_actions=[
                    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                    (os.POSIX_SPAWN_DUP2, sink, 1),
                    (os.POSIX_SPAWN_DUP2, sink, 2),
                    # posix_spawn(3): onto itself means that it is not closed on exec.
                    *((os.POSIX_SPAWN_DUP2, descriptor, descriptor) for descriptor in component.fds),
                ],
                setsigmask=(),
                setsigdef=_RESET,
                setpgroup=0,
            )
        finally:
            os.close(sink)

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
                    self._note_end(running, _how(os.waitstatus_to_exitcode(status)))

    def _note_end(self, running: Running, how: str) -> None:
        now = time.monotonic()
        lived_s = now - running.started_at
        running.pid = None
        running.last_exit = how
        running.restarts += 1
        running.failures = 1 if lived_s >= _STABLE_S else running.failures + 1
        pause_s = min(_RESTART_MOST_S, _RESTART_FIRST_S * 2 ** min(running.failures - 1, _DOUBLINGS_MOST))
        running.start_no_earlier = now + pause_s
        name = running.component.name
        self.log(f"{name}: ended with {how} after {lived_s:.1f} s; again in {pause_s:.1f} s; see {name}.log")
        self._write_status()

    def _write_status(self) -> None:
        status = {
            "components": {
                running.component.name: {
                    "pid_in_box": running.pid,
                    "restarts": running.restarts,
                    "failures": running.failures,
                    "last_exit": running.last_exit,
                }
                for running in self._running
            }
        }
        try:
            private.write(self.layout.status, json.dumps(status, indent=2))
        except OSError as error:  # a full disk is no reason to end the cluster
            self.log(f"{self.layout.status}: {error.strerror}")


def _how(exit_code: int) -> str:
    if exit_code >= 0:
        return f"exit code {exit_code}"
    try:
        return f"signal {signal.Signals(-exit_code).name}"
    except ValueError:  # a real-time signal has no name
        return f"signal {-exit_code}"


def _say(line: str) -> None:
    with contextlib.suppress(OSError):  # as above
        print(f"{time.strftime('%H:%M:%S')} {line}", file=sys.stderr, flush=True)


def main(argv: list[str]) -> int:
    """Run the box of one cluster; returns when it was told to end."""
    layout = Layout.load(Path(argv[0]))
    descriptors = [int(word) for word in argv[1:]]
    for descriptor in descriptors:  # the lock is for this process alone, each socket for one forwarder
        os.set_inheritable(descriptor, False)  # noqa: FBT003  # the standard library's own signature
    _, api_fd, vote_fd, result_fd = descriptors
    try:
        socket.sethostname(layout.node_name)
        box.mount(layout)
        network.set_up()
        hierarchies = cgroups.read()
        cgroups.remove(hierarchies, layout.cgroup)
        cgroups.create(hierarchies, layout.cgroup)
        supervisor = Supervisor(layout, all_components(layout, api_fd, vote_fd, result_fd), _say)
    except (UserError, OSError) as error:
        _say(f"the box cannot be set up: {error}")
        return 1
    try:
        supervisor.run()
    finally:
        supervisor.end()
        cgroups.remove(hierarchies, layout.cgroup)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
