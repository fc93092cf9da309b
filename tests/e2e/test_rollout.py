"""A new release replaces every pod while people use the pages, and nobody is turned away."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx
import pytest

from harness.evidence import NAMESPACE
from harness.waiting import Seen, wait_for
from tests.fix_visitors import Tally, Visitor, open_watcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from harness.cluster.manager import Manager
    from harness.platform.up import Up
    from tests.fix_visitors import Ledger

pytestmark = pytest.mark.cluster

VISITORS = 6
PAUSE_S = 0.05
ROLLOUT_TIMEOUT_S = 90


@dataclass
class Traffic:
    """People who come back again and again, each to the pod that the Ingress controller's cookie leads to.

    Attributes:
        answers: How many requests got 200.
        refusals: What the others got: a status, or an error of the connection.
        last: What each of them chose last; nothing where they only look.
    """

    answers: int = 0
    refusals: list[str] = field(default_factory=list)
    last: dict[int, str] = field(default_factory=dict)
    _enough: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def vote(self, url: str, number: int) -> None:
        """Vote, change the vote, and so on."""
        visitor = Visitor(url, httpx.Limits(max_connections=1))
        with visitor.client:
            choice = "a"
            while not self._enough.wait(PAUSE_S):
                self._note(lambda: visitor.vote(choice))  # noqa: B023  # called at once
                self.last[number] = choice
                choice = "b" if choice == "a" else "a"

    def look(self, url: str, number: int) -> None:  # noqa: ARG002  # called as `vote` is
        """Load the page."""
        with httpx.Client(timeout=15) as client:
            while not self._enough.wait(PAUSE_S):
                self._note(lambda: client.get(url))

    def end(self) -> None:
        """Let them go home."""
        self._enough.set()

    def _note(self, ask: Callable[[], httpx.Response]) -> None:
        try:
            answer = ask()
            said = "" if answer.status_code == httpx.codes.OK else f"{answer.status_code} {answer.text[:100]}"
        except httpx.TransportError as error:
            said = repr(error)
        with self._lock:
            self.answers += not said
            self.refusals += [said] if said else []


def roll_out(cluster: Manager, name: str) -> None:
    """Replace every pod of a Deployment, and wait until the last old one is gone."""
    selector = ["-n", NAMESPACE, "-l", f"app.kubernetes.io/name={name}"]
    there = cluster.kubectl(["get", "pods", *selector])["items"]
    old = {pod["metadata"]["name"] for pod in there if "deletionTimestamp" not in pod["metadata"]}
    assert old
    cluster.kubectl(["rollout", "restart", f"deployment/{name}", "-n", NAMESPACE], as_dict=False)

    def look() -> Seen:
        pods = {pod["metadata"]["name"]: pod for pod in cluster.kubectl(["get", "pods", *selector])["items"]}
        ready = [
            name
            for name, pod in pods.items()
            for condition in pod["status"].get("conditions", ())
            if condition["type"] == "Ready" and condition["status"] == "True"
        ]
        done = old.isdisjoint(pods) and len(pods) == len(ready) == len(old)
        return Seen(done, f"{sorted(pods)}, ready {sorted(ready)}, old {sorted(old)}")

    wait_for(f"new pods of {name}", look, timeout_s=ROLLOUT_TIMEOUT_S, interval_s=0.5)


@pytest.mark.parametrize("name", ["vote", "result"])
def test_rollout_turns_nobody_away(cluster: Manager, platform: Up, ledger: Ledger, name: str) -> None:
    """Every request during a rollout is answered by a page, old or new, and the last vote of each voter counts."""
    before = ledger.tally()
    traffic = Traffic()
    url = platform.endpoints.vote_url if name == "vote" else platform.endpoints.result_url
    ask = traffic.vote if name == "vote" else traffic.look
    with ThreadPoolExecutor(VISITORS) as pool:
        people = [pool.submit(ask, url, number) for number in range(VISITORS)]
        try:
            roll_out(cluster, name)
        finally:
            traffic.end()
    for each in people:
        each.result()
    assert traffic.refusals == []
    assert traffic.answers > VISITORS * 20, "so few requests would meet no pod that ends"
    choices = list(traffic.last.values())
    if name == "vote":
        expected = before + Tally(choices.count("a"), choices.count("b"))
        with open_watcher(platform) as watcher:
            assert watcher.until(expected) == expected
