"""Votes from the vote page to the result page's WebSocket, and what must not get that far."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from harness.evidence import NAMESPACE
from harness.waiting import Seen, wait_for
from tests.fix_visitors import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    import httpx

    from harness.cluster.manager import Manager
    from tests.fix_visitors import Ledger, Visitor, VisitorFactory, Watcher

pytestmark = pytest.mark.cluster

VOTERS = 300
CHANGERS = 100
IN_HAND = 40
AT_ONCE = 16


def cast(visitors: Sequence[Visitor], choices: Sequence[str]) -> None:
    """Let every visitor vote once; each vote has to be acknowledged."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda pair: pair[0].vote(pair[1]), zip(visitors, choices, strict=True)))
    refused = [answer for answer in answers if answer.status_code != 200]
    assert not refused, f"{len(refused)} of {len(answers)} votes not acknowledged: {refused[0].text}"


def counted(choices: Sequence[str]) -> Tally:
    """Return the tally of these choices."""
    return Tally(choices.count("a"), choices.count("b"))


def other(choice: str) -> str:
    """Return the choice that this one is not."""
    return "b" if choice == "a" else "a"


def test_every_vote_arrives_exactly_once(visitors: VisitorFactory, watcher: Watcher, ledger: Ledger) -> None:
    """300 voters vote, 100 of them change it: the WebSocket shows the exact tally, and it equals the recount."""
    before = ledger.tally()
    crowd = [visitors() for _ in range(VOTERS)]
    first = ["a" if number % 3 else "b" for number in range(VOTERS)]
    cast(crowd, first)
    final = [other(choice) if number < CHANGERS else choice for number, choice in enumerate(first)]
    cast(crowd[:CHANGERS], final[:CHANGERS])

    expected = before + counted(final)
    assert watcher.until(expected) == expected
    assert ledger.tally() == expected
    assert ledger.recount() == expected


def test_page_remembers_the_voters_last_choice(visitors: VisitorFactory) -> None:
    """A voter who changed their mind sees the later choice; another voter sees none."""
    voter, newcomer = visitors(), visitors()
    voter.vote("a")
    voter.vote("b")
    assert voter.choice() == "b"
    assert newcomer.choice() is None


def _unknown(visitor: Visitor) -> httpx.Response:
    return visitor.vote("c")


def _two_choices(visitor: Visitor) -> httpx.Response:
    return visitor.client.post("/", data={"choice": ["a", "b"]})


def _nothing(visitor: Visitor) -> httpx.Response:
    return visitor.client.post("/")


def _oversized(visitor: Visitor) -> httpx.Response:
    return visitor.client.post("/", data={"choice": "a", "padding": "x" * 200_000})


def _forged_cookie(visitor: Visitor) -> httpx.Response:
    visitor.client.get("/")
    for cookie in list(visitor.client.cookies.jar):
        if cookie.name.startswith("ballotbox-route"):
            continue
        head, _, tail = str(cookie.value).rpartition(".")
        cookie.value = f"{head}.{'A' if tail[:1] != 'A' else 'B'}{tail[1:]}"
    return visitor.vote("a")


def _from_elsewhere(visitor: Visitor) -> httpx.Response:
    return visitor.client.post("/", data={"choice": "a"}, headers={"Origin": "https://evil.example"})


@pytest.mark.parametrize(
    ("attempt", "status"),
    [
        (_unknown, 400),
        (_two_choices, 400),
        (_nothing, 400),
        (_oversized, 413),
        (_forged_cookie, 403),
        (_from_elsewhere, 403),
    ],
    ids=lambda value: value.__name__.strip("_") if callable(value) else str(value),
)
def test_refused_votes_change_nothing(
    visitors: VisitorFactory, watcher: Watcher, ledger: Ledger, attempt: object, status: int
) -> None:
    """A vote that is not one is refused with a 4xx, and the honest vote after it is the only one that counts."""
    before = ledger.tally()
    assert callable(attempt)
    answer = attempt(visitors())
    assert answer.status_code == status, answer.text

    # Votes keep their order, so when this one is counted the refused one would have been.
    assert visitors().vote("b").status_code == 200
    expected = before + Tally(0, 1)
    assert watcher.until(expected) == expected
    assert ledger.recount() == expected


def test_worker_deleted_midway_loses_nothing(
    cluster: Manager, visitors: VisitorFactory, watcher: Watcher, ledger: Ledger
) -> None:
    """The worker's pod is deleted with votes that it has read and not yet written, while others still come in."""
    before = ledger.tally()
    crowd = [visitors() for _ in range(VOTERS)]
    choices = ["a" if number % 2 else "b" for number in range(VOTERS)]
    pod = _worker_pod(cluster)
    with ledger.closed():
        cast(crowd[:IN_HAND], choices[:IN_HAND])

        def waits() -> Seen:
            held_up = ledger.writers_waiting()
            return Seen(held_up > 0, f"{held_up} writers wait for the table")

        wait_for("the worker with votes in its hand", waits, timeout_s=15)
        # When the table opens again the pod is gone: what it had in its hand, it has not written.
        cluster.kubectl(["delete", "pod", pod, "-n", NAMESPACE, "--grace-period=1", "--wait=true"], as_dict=False)
    cast(crowd[IN_HAND:], choices[IN_HAND:])
    expected = before + counted(choices)

    def look() -> Seen:
        now = ledger.tally()
        return Seen(now == expected, f"{now}, expected {expected}")

    wait_for("every acknowledged vote in PostgreSQL", look, timeout_s=90, interval_s=0.5)
    assert ledger.recount() == expected
    assert watcher.until(expected) == expected
    assert _worker_pod(cluster) != pod


def _worker_pod(cluster: Manager) -> str:
    selector = "app.kubernetes.io/name=worker"
    pods = cluster.kubectl(["get", "pods", "-n", NAMESPACE, "-l", selector, "--field-selector=status.phase=Running"])
    alive = [pod for pod in pods["items"] if "deletionTimestamp" not in pod["metadata"]]
    assert alive, "no worker runs"
    return str(alive[0]["metadata"]["name"])
