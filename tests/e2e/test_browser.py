"""What a voter sees: vote in one window, change the vote, watch the bars move in another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from harness.platform.up import Up

pytestmark = [pytest.mark.cluster, pytest.mark.browser]


@pytest.fixture
def booth(browser: Browser) -> Iterator[Page]:
    """A voter's window."""
    context = browser.new_context(locale="en-US")
    yield context.new_page()
    context.close()


@pytest.fixture
def board(browser: Browser) -> Iterator[Page]:
    """A second window, of somebody who only watches."""
    context = browser.new_context(locale="en-US")
    yield context.new_page()
    context.close()


def count(board: Page, choice: str) -> int:
    """Return the count the page shows for a choice."""
    return int(board.get_by_test_id(f"count-{choice}").get_attribute("data-value") or "0")


def width(board: Page, choice: str) -> float:
    """Return the width of a choice's bar in pixels."""
    box = board.get_by_test_id(f"bar-{choice}").bounding_box()
    assert box is not None, f"bar-{choice} is not shown"
    return box["width"]


def expect_count(board: Page, choice: str, value: int) -> None:
    """Wait until the page shows this count."""
    expect(board.get_by_test_id(f"count-{choice}")).to_have_attribute("data-value", str(value), timeout=15_000)


def test_vote_change_and_watch(booth: Page, board: Page, platform: Up, screenshots: Path) -> None:
    """A vote moves the other window's count and bar without a reload, and so does a change of mind."""
    complaints: list[str] = []
    for page in (booth, board):
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
    board.goto(platform.endpoints.result_url)
    expect(board.get_by_test_id("status")).to_have_attribute("data-state", "live", timeout=15_000)
    a, b = count(board, "a"), count(board, "b")
    board.evaluate("window.notReloaded = true")

    booth.goto(platform.endpoints.vote_url)
    expect(booth.get_by_test_id("current-choice")).to_have_attribute("data-choice", "")
    booth.get_by_test_id("choice-a").click()
    expect(booth.get_by_test_id("current-choice")).to_have_attribute("data-choice", "a")
    booth.screenshot(path=screenshots / "voted.png", full_page=True)
    expect_count(board, "a", a + 1)
    expect(board.get_by_test_id("unit-a")).to_have_text("vote" if a + 1 == 1 else "votes")
    before = width(board, "b")
    board.screenshot(path=screenshots / "first-vote.png", full_page=True)

    # Keyboard only, as a person without a mouse would.
    booth.get_by_test_id("choice-b").focus()
    booth.keyboard.press("Enter")
    expect(booth.get_by_test_id("current-choice")).to_have_attribute("data-choice", "b")
    expect_count(board, "b", b + 1)
    expect_count(board, "a", a)
    board.wait_for_function(
        "([bar, before]) => document.querySelector(`[data-testid=${bar}]`).getBoundingClientRect().width > before",
        arg=["bar-b", before],
        timeout=15_000,
    )
    board.screenshot(path=screenshots / "changed-vote.png", full_page=True)

    assert board.evaluate("window.notReloaded") is True
    assert complaints == []


def test_result_page_says_when_it_is_cut_off(board: Page, platform: Up, screenshots: Path) -> None:
    """Without a connection the page says so; when it is back the page is live again without a reload."""
    board.goto(platform.endpoints.result_url)
    status = board.get_by_test_id("status")
    expect(status).to_have_attribute("data-state", "live", timeout=15_000)
    board.evaluate("window.notReloaded = true")

    board.context.set_offline(True)
    board.evaluate("window.dispatchEvent(new Event('offline'))")
    expect(status).not_to_have_attribute("data-state", "live", timeout=60_000)
    board.screenshot(path=screenshots / "cut-off.png", full_page=True)

    board.context.set_offline(False)
    board.evaluate("window.dispatchEvent(new Event('online'))")
    expect(status).to_have_attribute("data-state", "live", timeout=60_000)
    assert board.evaluate("window.notReloaded") is True


def test_votes_without_javascript(browser: Browser, platform: Up) -> None:
    """The ballot is a form: it works where scripts do not."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(platform.endpoints.vote_url)
    page.get_by_test_id("choice-b").click()
    expect(page.get_by_test_id("current-choice")).to_have_attribute("data-choice", "b")
    context.close()
