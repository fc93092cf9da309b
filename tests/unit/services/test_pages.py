"""Both pages in a real Chromium: with and without script, with and without their back ends, narrow and by keyboard."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from ballotbox_common.broker import STREAM
from ballotbox_worker.entries import Version, Vote
from ballotbox_worker.ledger import write
from tests.fix_redis import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

    from tests.fix_postgres import Database
    from tests.fix_redis import RedisServer
    from tests.unit.services.conftest import Service

pytestmark = pytest.mark.browser
PATIENCE_MS = 30_000


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Give an opener of pages in a fresh profile; a script's error, or a violated policy, fails the test."""
    opened: list[Page] = []
    complaints: list[str] = []

    def begin(url: str, **options: Any) -> Page:
        page = browser.new_context(**options).new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.extend([said.text] * ("Content Security Policy" in said.text)))
        opened.append(page)
        page.goto(url)
        return page

    expect.set_options(timeout=PATIENCE_MS)
    yield begin
    for page in opened:
        page.context.close()
    assert complaints == []


@pytest.fixture
def vote_page(start: Callable[..., Service], own_redis: RedisServer) -> Service:
    """Give a running vote page with a Redis that may be stopped."""
    service = start(
        "vote",
        REDIS_HOST="127.0.0.1",
        REDIS_PORT=str(own_redis.port),
        REDIS_PASSWORD=PASSWORD,
        COOKIE_KEY="k" * 32,
        RESULT_URL="http://result.example/",
    )
    service.wait_ready()
    return service


@pytest.fixture
def result_page(start: Callable[..., Service], database: Database) -> Service:
    """Give a running result page of an empty database."""
    service = start("result", **database.environment, VOTE_URL="http://vote.example/")
    service.wait_ready()
    return service


def stored(redis: RedisServer) -> list[str]:
    """Give the choices in the stream, in their order."""
    with redis.client() as client:
        rows: Any = client.xrange(STREAM)
    return [fields["choice"] for _, fields in rows]


def cast(database: Database, a: int, b: int) -> None:
    """Write that many votes of new voters."""
    at = dt.datetime.now(dt.UTC)
    votes = [
        Vote(f"{at.timestamp():.0f}-{choice}{n}".replace(".", "-"), choice, Version(1, 0), at)
        for choice, number in (("a", a), ("b", b))
        for n in range(number)
    ]
    with database.connect("worker") as connection:
        write(connection, votes)


def width(page: Page, testid: str) -> float:
    """Give an element's width in pixels."""
    box = page.get_by_test_id(testid).bounding_box()
    return box["width"] if box else 0


def test_votes_without_leaving_the_page(
    open_page: Callable[..., Page], vote_page: Service, own_redis: RedisServer
) -> None:
    """A click votes, another changes the vote, and the page is never loaded again."""
    page = open_page(vote_page.url)
    page.evaluate("window.same = true")
    for choice, name in (("a", "Cats"), ("b", "Dogs")):
        page.get_by_test_id(f"choice-{choice}").click()
        expect(page.get_by_test_id("current-choice")).to_have_text(name)
        expect(page.get_by_test_id("message")).to_have_text("Counted. You can change it at any time.")
        expect(page.get_by_test_id(f"choice-{choice}")).to_have_attribute("aria-pressed", "true")
    assert page.evaluate("window.same") is True
    assert stored(own_redis) == ["a", "b"]
    page.reload()
    expect(page.get_by_test_id("current-choice")).to_have_text("Dogs")


def test_votes_without_script(open_page: Callable[..., Page], vote_page: Service, own_redis: RedisServer) -> None:
    """The form does the same, and a reload does not vote again."""
    page = open_page(vote_page.url, java_script_enabled=False)
    page.get_by_test_id("choice-b").click()
    expect(page.get_by_test_id("current-choice")).to_have_text("Dogs")
    page.reload()
    assert stored(own_redis) == ["b"]


def test_votes_by_keyboard(open_page: Callable[..., Page], vote_page: Service, own_redis: RedisServer) -> None:
    """Tab reaches the skip link first and every control after it, with a ring to be seen; Enter votes."""
    page = open_page(vote_page.url)
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.testid ?? document.activeElement.className"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == ["skip", "brand", "", "choice-a", "choice-b"]
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("current-choice")).to_have_text("Dogs")
    assert stored(own_redis) == ["b"]


def test_a_vote_waits_for_the_ballot_box(
    open_page: Callable[..., Page], vote_page: Service, own_redis: RedisServer
) -> None:
    """While Redis is away the page says so and tries again; the newest click is what counts in the end."""
    page = open_page(vote_page.url)
    own_redis.stop()
    page.get_by_test_id("choice-a").click()
    expect(page.get_by_test_id("message")).to_have_text("The ballot box is busy. Trying again…")
    expect(page.get_by_test_id("current-choice")).to_have_text("none yet")
    page.get_by_test_id("choice-b").click()
    own_redis.start()
    expect(page.get_by_test_id("current-choice")).to_have_text("Dogs")
    assert stored(own_redis)[-1] == "b"


def test_a_lost_vote_page_is_said(open_page: Callable[..., Page], vote_page: Service) -> None:
    """Without a server the page says that the connection is lost, and does not pretend."""
    page = open_page(vote_page.url)
    vote_page.stop()
    page.get_by_test_id("choice-a").click()
    expect(page.get_by_test_id("message")).to_have_text("Connection lost. Trying again…")
    expect(page.get_by_test_id("current-choice")).to_have_text("none yet")


def test_the_bars_follow_the_votes(open_page: Callable[..., Page], result_page: Service, database: Database) -> None:
    """Counts, percentages, bars and the leader move by themselves."""
    page = open_page(result_page.url)
    expect(page.get_by_test_id("status")).to_have_text("Live")
    expect(page.get_by_test_id("leader")).to_have_text("No votes yet. Be the first.")
    assert width(page, "bar-a") == width(page, "bar-b") == 0
    cast(database, 1500, 500)
    expect(page.get_by_test_id("count-a")).to_have_text("1,500")
    expect(page.get_by_test_id("count-b")).to_have_attribute("data-value", "500")
    expect(page.get_by_test_id("percent-a")).to_have_text("75.0%")
    expect(page.get_by_test_id("total")).to_have_text("2,000")
    expect(page.get_by_test_id("leader")).to_have_text("Cats lead by 1,000 votes.")
    page.wait_for_function(
        "() => { const [a, b] = ['a', 'b'].map((k) => document.querySelector(`[data-testid=bar-${k}]`).offsetWidth);"
        " return Math.abs(a / b - 3) < 0.02; }"
    )
    expect(page.get_by_test_id("announcement")).to_have_text("Cats 75.0%, Dogs 25.0% of 2,000 votes.")


def test_the_loss_of_the_count_is_said(
    open_page: Callable[..., Page], result_page: Service, database: Database
) -> None:
    """When the database is away, the page shows what it knew and says so; then it is live again."""
    cast(database, 2, 1)
    page = open_page(result_page.url)
    expect(page.get_by_test_id("status")).to_have_text("Live")
    with database.server.superuser() as superuser:
        superuser.execute("ALTER ROLE result NOLOGIN")
        superuser.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'result'")
        try:
            expect(page.get_by_test_id("status")).to_have_text(re.compile("Count interrupted"))
            expect(page.get_by_test_id("count-a")).to_have_text("2")
        finally:
            superuser.execute("ALTER ROLE result LOGIN")
    expect(page.get_by_test_id("status")).to_have_text("Live")


def test_reconnects_without_a_reload(
    open_page: Callable[..., Page], start: Callable[..., Service], result_page: Service, database: Database
) -> None:
    """A page whose server went away says so, and shows the present tally as soon as there is one again."""
    page = open_page(result_page.url)
    page.evaluate("window.same = true")
    expect(page.get_by_test_id("status")).to_have_text("Live")
    result_page.stop()
    expect(page.get_by_test_id("status")).to_have_text("Connection lost. Reconnecting…")
    cast(database, 3, 4)
    start("result", **database.environment | {"HTTP_PORT": str(result_page.http_port)})
    expect(page.get_by_test_id("count-b")).to_have_text("4")
    expect(page.get_by_test_id("status")).to_have_text("Live")
    assert page.evaluate("window.same") is True


@pytest.mark.parametrize("name", ["vote", "result"])
@pytest.mark.parametrize("width_px", [320, 700, 1280])
def test_fits_and_can_be_hit(
    request: pytest.FixtureRequest, open_page: Callable[..., Page], name: str, width_px: int
) -> None:
    """Nothing overflows or overlaps down to 320 px (WCAG 2.2, 1.4.10), and targets have 24 px at least (2.5.8)."""
    service: Service = request.getfixturevalue(f"{name}_page")
    if name == "result":
        cast(request.getfixturevalue("database"), 1, 0)  # 100.0% is the widest figure
    page = open_page(service.url, viewport={"width": width_px, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = page.evaluate(
        "[...document.querySelectorAll('a:not(.skip), button')].filter((e) => { const r = e.getBoundingClientRect();"
        " return r.width < 24 || r.height < 24; }).map((e) => e.textContent)"
    )
    assert small == []
    spilled = page.evaluate(
        "[...document.querySelectorAll('.percent, .name, .count')].filter((e) => e.scrollWidth > e.clientWidth + 1)"
        ".map((e) => e.textContent)"
    )
    assert spilled == []


@pytest.mark.parametrize("name", ["vote", "result"])
def test_respects_reduced_motion(request: pytest.FixtureRequest, open_page: Callable[..., Page], name: str) -> None:
    """Who asks for less motion gets no animation and no transition."""
    page = open_page(request.getfixturevalue(f"{name}_page").url, reduced_motion="reduce")
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter((e) => { const s = getComputedStyle(e);"
        " return s.animationName !== 'none' || s.transitionDuration !== '0s'; }).length"
    )
    assert moving == 0
