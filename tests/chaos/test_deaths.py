"""Any one part dies without warning while people vote: every acknowledged vote is counted once, and all of it heals."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from websockets.exceptions import InvalidHandshake

from harness.cluster.embedded.manager import EmbeddedManager
from harness.errors import UserError
from harness.evidence import NAMESPACE
from harness.waiting import Seen, wait_for
from tests.fix_crowd import PATIENCE_S
from tests.fix_visitors import Tally, open_ledger, open_watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.cluster.manager import Manager
    from harness.platform.up import Up
    from tests.fix_crowd import Crowd
    from tests.fix_visitors import Watcher

pytestmark = [pytest.mark.cluster, pytest.mark.chaos]

# So many votes are acknowledged when the part dies, and the others are still to come.
BEFORE_THE_DEATH = 40
SIGKILLED = 137


@dataclass(frozen=True)
class Part:
    """Pods that die together, all replicas at once."""

    name: str
    selector: str
    namespace: str = NAMESPACE

    def __str__(self) -> str:
        return self.name

    def containers(self, cluster: Manager) -> dict[str, dict[str, Any]]:
        """Return what the cluster says of each container, by pod."""
        pods = cluster.kubectl(["get", "pods", "-n", self.namespace, "-l", self.selector])["items"]
        return {
            pod["metadata"]["name"]: status
            for pod in pods
            for status in pod["status"].get("containerStatuses", ())
            if "deletionTimestamp" not in pod["metadata"]
        }

    def kill(self, cluster: Manager) -> dict[str, int]:
        """Kill every container of it; return how often each had been started again before."""
        there = self.containers(cluster)
        assert there, f"no pod of {self.namespace} has {self.selector}"
        for status in there.values():
            cluster.kill_container(status["containerID"])
        return {pod: status["restartCount"] for pod, status in there.items()}

    def wait_until_back(self, cluster: Manager, restarts: dict[str, int]) -> None:
        """Wait until every container that was killed has been, by the cluster's own account, and is Ready again."""

        def look() -> Seen:
            there = self.containers(cluster)
            back = {
                pod: status["restartCount"] == restarts.get(pod, -1) + 1
                and status["ready"]
                and status["lastState"].get("terminated", {}).get("exitCode") == SIGKILLED
                for pod, status in there.items()
            }
            return Seen(len(back) == len(restarts) and all(back.values()), str(back))

        wait_for(f"{self.name} killed, and Ready again", look, timeout_s=PATIENCE_S, interval_s=0.2)


VOTE = Part("vote", "app.kubernetes.io/name=vote")
WORKER = Part("worker", "app.kubernetes.io/name=worker")
REDIS = Part("redis", "app.kubernetes.io/name=redis")
POSTGRES = Part("postgres", "app.kubernetes.io/name=postgres")
RESULT = Part("result", "app.kubernetes.io/name=result")
TRAEFIK = Part("traefik", "app.kubernetes.io/name=traefik", "ingress")
DNS = Part("dns", "k8s-app=kube-dns", "kube-system")
# What holds the cluster together. What is not here (the storage provisioner, the Internet) no vote passes through.
COMPONENTS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "containerd",
    "kube-proxy",
    "calico-felix",
    "forward-visitors",
)


@pytest.fixture(autouse=True)
def can_be_killed(cluster: Manager) -> None:
    """Leave out clusters whose nodes are somebody else's."""
    if cluster.provider == "external":
        pytest.skip("external: its nodes are not ours to enter, so nothing can be killed there")


def books(cluster: Manager) -> tuple[Tally, Tally]:
    """Return PostgreSQL's tally and its recount, over a connection of their own: the last one may be dead."""
    with open_ledger(cluster) as ledger:
        return ledger.tally(), ledger.recount()


def wait_until_counted(cluster: Manager, platform: Up, expected: Tally) -> None:
    """Wait until PostgreSQL has exactly this tally, recounted too, and a new visitor sees it on the result page."""

    def counted() -> Seen:
        try:
            tally, recount = books(cluster)
        except (psycopg.OperationalError, UserError) as error:
            return Seen(done=False, state=str(error))
        return Seen(tally == recount == expected, f"tally {tally}, recount {recount}, expected {expected}")

    def shown() -> Seen:
        try:
            with open_watcher(platform) as watcher:
                tally, live = watcher.next()
        except (InvalidHandshake, OSError) as error:  # while no replica is Ready the Ingress controller says so
            return Seen(done=False, state=str(error))
        return Seen((tally, live) == (expected, True), f"{tally}, live {live}, expected {expected}")

    wait_for("every acknowledged vote counted once", counted, timeout_s=PATIENCE_S, interval_s=0.5)
    wait_for("the tally on the result page", shown, timeout_s=PATIENCE_S, interval_s=0.5)


@pytest.mark.parametrize("part", [VOTE, WORKER, REDIS, POSTGRES, RESULT, TRAEFIK, DNS], ids=str)
def test_part_dies(cluster: Manager, platform: Up, part: Part, crowd: Crowd) -> None:
    """All containers of one part are killed amid the votes: no acknowledged vote is lost, and none counts twice."""
    with open_ledger(cluster) as ledger:
        before = ledger.tally()
        # With the table closed nothing is counted, so that whatever dies, dies with acknowledged votes on their way.
        with contextlib.nullcontext() if part is POSTGRES else ledger.closed():
            crowd.begin()
            crowd.wait_for(BEFORE_THE_DEATH)
            restarts = part.kill(cluster)
    crowd.finish()
    part.wait_until_back(cluster, restarts)
    wait_until_counted(cluster, platform, before + crowd.tally)


@pytest.mark.parametrize("component", COMPONENTS)
def test_component_dies(cluster: Manager, platform: Up, component: str, crowd: Crowd) -> None:
    """A component of the node or its control plane is killed amid the votes: all are counted, and it is back."""
    if not isinstance(cluster, EmbeddedManager):
        pytest.skip(f"{cluster.provider}: its components are not processes of ours")
    before, _ = books(cluster)
    restarts = cluster.status()[component]["restarts"]
    crowd.begin()
    crowd.wait_for(BEFORE_THE_DEATH)
    cluster.kill_component(component)
    crowd.finish()

    def look() -> Seen:
        now = cluster.status()[component]
        return Seen(now["restarts"] == restarts + 1 and now["pid_in_box"] is not None, str(now))

    wait_for(f"{component} killed, and started again", look, timeout_s=PATIENCE_S)
    cluster.wait_ready()
    wait_until_counted(cluster, platform, before + crowd.tally)


def test_result_page_knows_the_tally_when_it_starts(cluster: Manager, platform: Up, crowd: Crowd) -> None:
    """Every replica dies when nobody votes any more: no news comes to those that follow, and they show the tally."""
    before, _ = books(cluster)
    crowd.begin()
    crowd.finish()
    wait_until_counted(cluster, platform, before + crowd.tally)
    restarts = RESULT.kill(cluster)
    RESULT.wait_until_back(cluster, restarts)
    wait_until_counted(cluster, platform, before + crowd.tally)


def test_result_page_says_that_the_count_is_interrupted(
    cluster: Manager, platform: Up, watcher: Watcher, crowd: Crowd
) -> None:
    """PostgreSQL dies: an open page is told that the count is not live, and without reconnecting that it is again."""
    before, _ = books(cluster)
    assert watcher.next() == (before, True)

    def shows(expected: Tally, *, live: bool) -> Callable[[], Seen]:
        def look() -> Seen:
            seen = watcher.next()
            return Seen(seen == (expected, live), f"{seen}, expected {expected}, live {live}")

        return look

    restarts = POSTGRES.kill(cluster)
    # What was counted last is what is shown meanwhile.
    wait_for("the news that the count is interrupted", shows(before, live=False), timeout_s=PATIENCE_S, interval_s=0)
    crowd.begin()
    crowd.finish()
    POSTGRES.wait_until_back(cluster, restarts)
    expected = before + crowd.tally
    wait_for("the live tally", shows(expected, live=True), timeout_s=PATIENCE_S, interval_s=0)
    wait_until_counted(cluster, platform, expected)
