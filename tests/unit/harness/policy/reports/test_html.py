"""The HTML report."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from harness.policy.reports.html import html

if TYPE_CHECKING:
    from datetime import datetime

    from harness.policy.measured import Measured
    from harness.policy.model import Verdict


class Page(HTMLParser):
    """What matters of a page: ids, links, and everything it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name == "href":
                self.links.append(value or "")
            if name in {"src", "srcset", "data"} or (tag == "link" and name == "href"):
                self.loaded.append(value or "")


@pytest.fixture
def text(verdict: Verdict, measured: Measured, now: datetime) -> str:
    """The page."""
    return html(verdict, measured, now)


def test_it_is_self_contained(text: str) -> None:
    """Nothing is loaded, no script runs, and the policy in the page forbids both."""
    page = Page()
    page.feed(text)
    assert page.loaded == []
    assert "script" not in page.tags
    assert "default-src 'none'" in text


def test_every_link_inside_leads_somewhere(text: str) -> None:
    """Cells lead to findings, ids to rules; no id is there twice."""
    page = Page()
    page.feed(text)
    inside = {link[1:] for link in page.links if link.startswith("#")}
    assert inside
    assert inside <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_the_picture_has_a_symbol_a_colour_and_a_word_in_each_cell(text: str) -> None:
    """It can be read without colour, and without eyes."""
    assert len(re.findall(r'class="cell fail" href="#finding-1"[^>]*>✗<span class="vh"> fails', text)) == 1
    assert len(re.findall(r'class="cell waived" href="#finding-2"[^>]*>◐<span class="vh"> waived', text)) == 1
    assert len(re.findall(r'class="cell pass"><span aria-hidden="true">✓</span><span class="vh">passes', text)) == 4


def test_what_manifests_say_is_text(text: str) -> None:
    """A name or reason cannot put markup into the page."""
    assert "&lt;open&gt; must" in text
    assert "Because &lt;b&gt;." in text


def test_verdict_waivers_and_figures_are_there(text: str) -> None:
    """The three things that a review asks for first."""
    assert "Failed: 1 finding, 1 waiver to mend" in text
    assert "2027-01-31" in text
    assert "1480 of 1480" in text
