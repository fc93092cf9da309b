"""The supervisor, with real short-lived processes; what ends everything runs as process 1 of a pid namespace."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness import paths
from harness.cluster.embedded import logs
from harness.cluster.embedded import supervisor as module
from harness.cluster.embedded.components import Component
from harness.cluster.embedded.layout import Layout
from harness.cluster.embedded.supervisor import Supervisor
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON = (sys.executable, "-I", "-S", "-c")


class Run:
    """A supervisor that runs in this process's main thread until a condition holds."""

    def __init__(self, state: Path) -> None:
        self.layout = Layout("demo", state, 1, 2, 3)
        self.layout.logs.mkdir(parents=True)
        self.lines: list[str] = []

    def until(self, done: Callable[[], bool], *components: Component) -> Supervisor:
        """Run these components until `done`, then end those that still run."""
        supervisor = Supervisor(self.layout, components, self.lines.append)
        stop = threading.Event()

        def watch() -> None:
            with contextlib.suppress(Exception):
                wait_for("the end of the test", lambda: Seen(stop.is_set() or done(), "not yet"), timeout_s=20)
            # To this thread alone: another of the process's threads would not have it blocked, and end the whole run.
            signal.pthread_kill(main, signal.SIGTERM)

        main = threading.get_ident()
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD})
        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            supervisor.run()
        finally:
            stop.set()
            watcher.join()
            for running in supervisor._running:
                if running.pid is not None:
                    os.kill(running.pid, signal.SIGKILL)
                    os.waitpid(running.pid, 0)
            signal.sigtimedwait({signal.SIGCHLD}, 0)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return supervisor

    def log(self, name: str) -> str:
        """Return what a component wrote."""
        file = self.layout.logs / f"{name}.log"
        return file.read_text() if file.exists() else ""

    def status(self) -> dict[str, Any]:
        """Return what the supervisor says of its components."""
        return dict(json.loads(self.layout.status.read_text())["components"])


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A supervisor of a cluster that is nothing but its folder."""
    return Run(tmp_path / "state")


def test_starts_in_order_once_they_may(run: Run, tmp_path: Path) -> None:
    """A component waits for what it stands on, and the others do not wait for it."""
    there = tmp_path / "there"
    first = Component("first", ("sh", "-c", f"sleep 0.2; touch {there}; sleep 60"))
    second = Component("second", ("sleep", "60"), may_start=there.exists)
    third = Component("third", ("sleep", "60"))
    run.until(lambda: len(run.lines) >= 3, first, second, third)
    assert [line.partition(":")[0] for line in run.lines[:3]] == ["first", "third", "second"]
    assert run.lines[-1] == "SIGTERM: ending everything"


def test_restarts_what_dies_with_growing_pauses(run: Run) -> None:
    """A component that dies is started again, later each time, and the log and the status say how it ended."""
    run.until(lambda: run.log("dies").count("x") >= 3, Component("dies", ("sh", "-c", "echo x; exit 7")))
    pauses = [line.partition("; again in ")[2].split()[0] for line in run.lines if "ended with" in line]
    assert pauses[:2] == ["0.2", "0.4"]
    assert "dies: ended with exit code 7" in run.lines[1]
    assert run.status()["dies"]["last_exit"] == "exit code 7"
    assert run.status()["dies"]["failures"] == run.status()["dies"]["restarts"] >= 2


def test_a_stable_component_starts_over(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ran long enough is started again after the shortest pause, however often it ended before."""
    monkeypatch.setattr(module, "_STABLE_S", 0.0)
    run.until(lambda: run.log("dies").count("x") >= 3, Component("dies", ("sh", "-c", "echo x")))
    assert {line.partition("; again in ")[2].split()[0] for line in run.lines if "ended with" in line} == {"0.2"}
    assert run.status()["dies"]["failures"] == 1
    assert run.status()["dies"]["restarts"] >= 2


def test_pause_has_an_end(run: Run) -> None:
    """However often it failed, a component is tried again every few seconds."""
    supervisor = Supervisor(run.layout, (), run.lines.append)
    running = module.Running(Component("dies", ("false",)), started_at=time.monotonic(), failures=5000)
    supervisor._note_end(running, "exit code 1")
    assert "again in 5.0 s" in run.lines[-1]


@pytest.mark.parametrize(("number", "name"), [(signal.SIGSEGV, "signal SIGSEGV"), (40, "signal 40")])
def test_says_which_signal(run: Run, number: int, name: str) -> None:
    """A component that a signal ended is said to have been, also by one that has no name."""
    code = f"import os; os.kill(os.getpid(), {int(number)})"
    run.until(lambda: any("ended with" in line for line in run.lines), Component("dies", (*PYTHON, code)))
    assert run.status()["dies"]["last_exit"] == name


def test_missing_program_is_told_and_tried_again(run: Run, tmp_path: Path) -> None:
    """A program that is not there ends nothing but its own start, and is started once it is there."""
    program = tmp_path / "program"
    other = Component("other", ("sleep", "60"))

    def appears() -> bool:
        if any("cannot be started" in line for line in run.lines) and not program.exists():
            program.symlink_to("/bin/sleep")
        return any(line.startswith("late: started") for line in run.lines)

    run.until(appears, Component("late", (str(program), "60")), other)
    assert f"late: ended with {program} cannot be started: No such file or directory" in "\n".join(run.lines)
    assert run.status()["other"]["restarts"] == 0


def test_a_persons_environment_stays_out(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A component sees PATH, a home folder, and what is its own; no proxy and no other program's options."""
    for name in ("HTTPS_PROXY", "ETCD_DATA_DIR", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "the person's")
    code = (
        "import os, time; print(sorted(os.environ), os.environ['OWN'], os.environ['HOME'], flush=True); time.sleep(60)"
    )
    run.until(lambda: "\n" in run.log("looks"), Component("looks", (*PYTHON, code), {"OWN": "1"}))
    names = "['HOME', 'LANG', 'OWN', 'PATH']"
    # LC_CTYPE: Python's own addition where a locale says nothing.
    assert run.log("looks").replace("'LC_CTYPE', ", "") == f"{names} 1 {run.layout.data}\n"


def test_signals_are_as_a_program_expects_them(run: Run) -> None:
    """A component starts with no signal blocked, and with a broken pipe ending it, which Python itself ignores."""
    # Neither a shell nor Python, which put their own masks in order.
    run.until(lambda: "SigCgt" in run.log("looks"), Component("looks", ("cat", "/proc/self/status")))
    seen = dict(line.split(":\t", 1) for line in run.log("looks").splitlines() if line.startswith("Sig"))
    assert int(seen["SigBlk"], 16) == 0
    assert int(seen["SigIgn"], 16) & (1 << (signal.SIGPIPE - 1)) == 0


def test_descriptors_reach_their_component_alone(run: Run) -> None:
    """A socket is inherited by the component that is given it, under its number, and by no other."""
    reader, writer = os.pipe()
    look = f"ls /proc/self/fd | grep -qx {writer} && echo given || echo none; exec sleep 60"
    given = Component("given", ("sh", "-c", look), fds=(writer,))
    other = Component("other", ("sh", "-c", look))
    run.until(lambda: bool(run.log("given") and run.log("other")), given, other)
    os.close(reader)
    os.close(writer)
    assert (run.log("given"), run.log("other")) == ("given\n", "none\n")


def test_full_disk_does_not_end_the_cluster(run: Run) -> None:
    """A status that cannot be written is told in the log, and the components run on."""
    run.layout.status.with_name(".status.json.unfinished").mkdir()  # stands for any reason why not
    run.until(lambda: any(line.startswith("one: started") for line in run.lines), Component("one", ("sleep", "60")))
    assert any(line.startswith(f"{run.layout.status}: ") for line in run.lines)


# The supervisor as process 1: a component with a child of its own in another session, and an orphan to reap.
_BOX = """
import os, sys
from pathlib import Path
from harness.cluster.embedded.components import Component
from harness.cluster.embedded.layout import Layout
from harness.cluster.embedded.supervisor import Supervisor
layout = Layout("demo", Path(sys.argv[1]), 1, 2, 3)
orphan = "setsid sleep 61 & (sleep 0.1 &) ; trap '' TERM; echo up; while :; do sleep 0.05; done"
supervisor = Supervisor(layout, [Component("one", ("sh", "-c", orphan))], lambda line: print(line, flush=True))
supervisor.run()
supervisor.end()
left = [name for name in os.listdir("/proc") if name.isdigit()]
print("left", left, flush=True)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a pid namespace")
def test_ends_everything_and_reaps_orphans(tmp_path: Path) -> None:
    """SIGTERM ends every process of the box, also what ignores it or left its session; no zombie stays meanwhile."""
    layout = Layout("demo", tmp_path, 1, 2, 3)
    layout.logs.mkdir()
    command = ["unshare", "--pid", "--fork", "--kill-child=KILL", "--mount-proc", "--propagation=private"]
    with subprocess.Popen(
        [*command, sys.executable, "-c", _BOX, str(tmp_path)], cwd=paths.ROOT, stdout=subprocess.PIPE, text=True
    ) as box:
        wait_for("the component", lambda: Seen((layout.logs / "one.log").exists(), "not yet"), timeout_s=20)
        wait_for("its word", lambda: Seen("up" in (layout.logs / "one.log").read_text(), "not yet"), timeout_s=20)
        process_1 = next(int(word) for word in _children(box.pid))
        wait_for("the orphan's end", lambda: Seen(not _zombies(process_1), "a zombie"), timeout_s=10)
        os.kill(process_1, signal.SIGTERM)
        said, _ = box.communicate(timeout=20)
    assert said.splitlines()[-2:] == ["SIGTERM: ending everything", "left ['1']"]


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _zombies(pid: int) -> list[str]:
    found = []
    for child in _children(pid):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{child}/stat").read_text().rpartition(") ")[2].startswith("Z"):
                found.append(child)
    return found


def test_grown_logs_are_set_aside(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A component's log that has grown is set aside while it runs, and the supervisor says so."""
    monkeypatch.setattr(module, "_IDLE_TICK_S", 0.0)
    monkeypatch.setattr(logs, "set_aside", partial(logs.set_aside, most_bytes=10))
    talker = Component("talker", ("sh", "-c", "while sleep 0.02; do echo something; done"))
    run.until(lambda: any("talker.log: has grown" in line for line in run.lines), talker)
    assert (run.layout.logs / "talker.log.1").read_text().startswith("something\n")


def test_full_disk_is_told(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Logs that cannot be set aside end nothing."""

    def full(_: Path) -> list[str]:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_IDLE_TICK_S", 0.0)
    monkeypatch.setattr(logs, "set_aside", full)
    supervisor = run.until(
        lambda: any("cannot be set aside" in line for line in run.lines), Component("a", ("sleep", "9"))
    )
    assert supervisor._running[0].restarts == 0
