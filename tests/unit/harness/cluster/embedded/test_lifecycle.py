"""A box starts, ends, and leaves nothing, however it ends; its programs are stand-ins."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import socket
import stat
import threading
from pathlib import Path

import pytest

from harness import process
from harness.cluster.embedded import cgroups, lifecycle
from harness.cluster.embedded.layout import Layout
from harness.errors import UserError
from harness.waiting import Seen, WaitError, wait_for
from tests import fix_residue


def wait_for_components(layout: Layout) -> None:
    """Wait until the components that need no other one run."""

    def look() -> Seen:
        if not layout.status.exists():
            return Seen(done=False, state="no status")
        said = json.loads(layout.status.read_text())["components"]
        running = {name for name, component in said.items() if component["pid_in_box"]}
        return Seen({"etcd", "containerd", "forward-api", "forward-visitors"} <= running, str(running))

    wait_for("the components", look, timeout_s=20)


def traces_of(box: Layout) -> fix_residue.Traces:
    """Return what tells that something is of this running box."""
    supervisor = lifecycle.supervisor_pid(box)
    assert supervisor is not None
    return fix_residue.traces(box, supervisor)


class TestSockets:
    """Ports of the loopback address."""

    def test_taken_port_is_named(self) -> None:
        """A port that is taken is named, with what to do."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            with (
                pytest.raises(UserError, match=rf"port {port} of 127\.0\.0\.1: .*in use.*--vote-port"),
                lifecycle.claim(port, 0),
            ):
                pass

    def test_nothing_is_held_after_a_failure(self) -> None:
        """Where the second page's port is taken, the first one's is free again."""
        free = lifecycle.free_port()
        with (
            socket.create_server(("127.0.0.1", 0)) as other,
            contextlib.suppress(UserError),
            lifecycle.claim(free, other.getsockname()[1]),
        ):
            pass
        lifecycle.listen(free).close()

    def test_chosen_port_is_held(self) -> None:
        """The API server's port cannot be taken by anyone from its choice on, nor be chosen twice."""
        with lifecycle.claim(0, 0) as one, lifecycle.claim(0, 0) as other:
            assert one.api_port != other.api_port
            with pytest.raises(UserError):
                lifecycle.listen(one.api_port)


class TestLock:
    """Who holds a cluster."""

    def test_nobody(self, tmp_path: Path) -> None:
        """A cluster that was never made, or whose lock is free, does not run."""
        layout = Layout("demo", tmp_path, 1, 2, 3)
        assert not lifecycle.is_running(layout)
        layout.lock.touch()
        assert not lifecycle.is_running(layout)

    def test_looking_disturbs_nobody(self, tmp_path: Path) -> None:
        """Two that look at once do not take each other for the guard."""
        layout = Layout("demo", tmp_path, 1, 2, 3)
        with layout.lock.open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            assert not lifecycle.is_running(layout)

    def test_start_waits_for_one_who_looks(self, tmp_path: Path) -> None:
        """A look at the lock that comes in between makes no start fail."""
        path = tmp_path / "lock"
        with path.open("w") as looking, path.open("w") as starting:
            fcntl.flock(looking, fcntl.LOCK_SH)
            assert not lifecycle._take(starting.fileno()).done
            timer = threading.Timer(0.2, fcntl.flock, (looking, fcntl.LOCK_UN))
            timer.start()
            wait_for("the lock", lambda: lifecycle._take(starting.fileno()), timeout_s=10)
            timer.join()

    def test_second_start_is_refused(self, box: Layout) -> None:
        """A cluster that runs is not started again."""
        before = lifecycle.guard_pid(box)
        with lifecycle.claim(0, 0) as sockets, pytest.raises(WaitError, match="another process starts or runs"):
            lifecycle.start(box, sockets)
        assert lifecycle.guard_pid(box) == before


class TestBox:
    """A whole box."""

    def test_runs(self, box: Layout) -> None:
        """Guard and supervisor are found, the node's cgroup is there, and the state is its owner's alone."""
        wait_for_components(box)
        assert lifecycle.is_running(box)
        assert lifecycle.guard_pid(box) is not None
        assert lifecycle.supervisor_pid(box) is not None
        assert all(folder.is_dir() for folder in cgroups.read().folders(box.cgroup))
        for path in (box.state, box.pki, box.kubeconfigs, box.logs, box.data):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
        files = [*box.state.glob("*.json"), *box.pki.iterdir(), *box.kubeconfigs.iterdir(), *box.logs.iterdir()]
        assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}

    def test_components_inherit_nothing(self, box: Layout) -> None:
        """Neither the lock nor a listening socket leaks into a component that has no use for it."""
        wait_for_components(box)
        supervisor = lifecycle.supervisor_pid(box)
        children = Path(f"/proc/{supervisor}/task/{supervisor}/children").read_text().split()
        sleeping = [pid for pid in children if Path(f"/proc/{pid}/comm").read_text() == "sleep\n"]
        assert len(sleeping) >= 2
        for pid in sleeping:
            assert {each.name for each in Path(f"/proc/{pid}/fd").iterdir()} == {"0", "1", "2"}

    def test_sockets_lead_inside(self, box: Layout) -> None:
        """The host's ports are the forwarders', which find nobody in this box, and close what was opened."""
        wait_for_components(box)
        for port in (box.api_port, box.vote_port, box.result_port):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as visitor:
                assert visitor.recv(1) == b""

    def test_stop_leaves_nothing(self, machine_before: fix_residue.Machine, request: pytest.FixtureRequest) -> None:
        """After a stop the machine is as it was before the start."""
        box: Layout = request.getfixturevalue("box")
        wait_for_components(box)
        traces = traces_of(box)
        assert set(traces.here()) == {"processes", "namespaces", "cgroups", "ports"}, "the comparison is blind"
        lifecycle.stop(box)
        assert traces.here() == {}
        assert fix_residue.look().added_since(machine_before) == {}
        assert not box.state.exists()
        lifecycle.stop(box)  # no error where there is nothing

    def test_stop_at_the_very_start(self, box: Layout) -> None:
        """A stop that comes before the supervisor listens is not lost."""
        lifecycle.stop(box)
        assert not lifecycle.is_running(box)

    def test_end_keeps_logs(self, box: Layout) -> None:
        """A box that is ended leaves what explains why."""
        wait_for_components(box)
        lifecycle.end(box)
        assert "SIGTERM: ending everything" in (box.logs / "supervisor.log").read_text()
        assert not [folder for folder in cgroups.read().folders(box.cgroup) if folder.exists()]

    @pytest.mark.parametrize("victim", ["guard", "supervisor"])
    def test_killed(self, box: Layout, victim: str) -> None:
        """Kill -9 of either ends everything, cgroups included, and only then the cluster counts as ended."""
        wait_for_components(box)
        pids = {"guard": lifecycle.guard_pid(box), "supervisor": lifecycle.supervisor_pid(box)}
        pid = pids[victim]
        assert pid is not None
        traces = traces_of(box)
        os.kill(pid, signal.SIGKILL)
        wait_for("its end", lambda: Seen(not lifecycle.is_running(box), "locked"), timeout_s=20)
        assert traces.here() == {}
        assert lifecycle.guard_pid(box) is lifecycle.supervisor_pid(box) is None
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pids["guard"] or -1, 0)

    def test_stopped_guard_is_no_hindrance(self, box: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
        """A guard that does not react is killed with its box."""
        wait_for_components(box)
        monkeypatch.setattr(lifecycle, "_END_TIMEOUT_S", 1.0)
        guard = lifecycle.guard_pid(box)
        assert guard is not None
        os.kill(guard, signal.SIGSTOP)
        lifecycle.stop(box)
        assert not box.state.exists()

    def test_dead_component_is_restarted(self, box: Layout) -> None:
        """A component that is killed is started again in the box."""
        wait_for_components(box)
        enter = ["nsenter", f"--target={lifecycle.supervisor_pid(box)}", "--pid", "--mount"]
        pid = str(json.loads(box.status.read_text())["components"]["etcd"]["pid_in_box"])
        process.run([*enter, "kill", "-9", pid])

        def again() -> Seen:
            said = json.loads(box.status.read_text())["components"]["etcd"]
            return Seen(said["restarts"] == 1 and said["pid_in_box"] not in {None, int(pid)}, str(said))

        wait_for("etcd's second start", again, timeout_s=10)
