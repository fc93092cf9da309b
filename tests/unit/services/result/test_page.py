"""The result page as HTML."""

from __future__ import annotations

import re

import pytest

from ballotbox_common.settings import load
from ballotbox_common.web import load_assets
from ballotbox_result.page import Page
from ballotbox_result.settings import ResultSettings
from ballotbox_result.tally import Tally

ASSETS = load_assets("ballotbox_result")


def page(tally: Tally | None, **environment: str) -> str:
    """Make the page."""
    return Page(load(ResultSettings, {"DB_PASSWORD": "x", **environment}), ASSETS).render(tally).decode()


def text_of(html: str, testid: str) -> str:
    """Give an element's text."""
    found = re.search(rf'data-testid="{testid}"[^>]*>([^<]*)<', html)
    assert found is not None, testid
    return found[1]


@pytest.mark.parametrize(
    ("tally", "percent_a", "percent_b", "leader"),
    [
        (Tally(1, 0, 0), "0.0%", "0.0%", "No votes yet. Be the first."),
        (Tally(1, 1, 1), "50.0%", "50.0%", "A dead heat."),
        (Tally(1, 2, 1), "66.7%", "33.3%", "Cats lead by 1 vote."),
        (Tally(1, 0, 1234), "0.0%", "100.0%", "Dogs lead by 1,234 votes."),
    ],
)
def test_shows_the_tally_without_a_script(tally: Tally, percent_a: str, percent_b: str, leader: str) -> None:
    """The page carries the figures of the moment it was asked for."""
    html = page(tally)
    assert (text_of(html, "percent-a"), text_of(html, "percent-b"), text_of(html, "leader")) == (
        percent_a,
        percent_b,
        leader,
    )
    assert (text_of(html, "count-b"), text_of(html, "total")) == (f"{tally.b:,}", f"{tally.total:,}")


def test_one_is_a_vote_and_more_are_votes() -> None:
    """Each count has its own noun."""
    html = page(Tally(1, 1, 0))
    assert [text_of(html, f"unit-{what}") for what in ("a", "b", "total")] == ["vote", "votes", "vote"]


def test_not_known_is_not_zero() -> None:
    """Before the first tally there are dashes."""
    html = page(None)
    assert text_of(html, "count-a") == text_of(html, "total") == "\N{EN DASH}"
    assert text_of(html, "leader") == "The count is not known yet."


def test_names_are_escaped_and_never_filled_in() -> None:
    """A name is text, even if it looks like markup or like a place in our template."""
    html = page(Tally(1, 2, 1), CHOICE_A='<b>"$total"</b>', CHOICE_B="Rock & $Roll")
    assert "<b>" not in html
    assert html.count("&lt;b&gt;&quot;$total&quot;&lt;/b&gt;") == 5
    assert "Rock &amp; $Roll" in html


def test_nothing_is_inline() -> None:
    """The policy forbids inline scripts, handlers and styles; the page has none."""
    assert re.findall(r"<script(?![^>]* src=)|<style| style=| on\w+=", page(Tally(1, 2, 1))) == []


def test_links_to_the_vote_page_if_it_is_known() -> None:
    """The link is there only with an address."""
    assert "Vote yourself" not in page(None)
    assert 'href="https://vote.example/"' in page(None, VOTE_URL="https://vote.example/")
