"""What both pages share: headers, assets, drawings, and colours that everybody can read."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest

from ballotbox_common.web import CONTENT_SECURITY_POLICY, drawing, load_assets

ASSETS = load_assets("ballotbox_vote") | load_assets("ballotbox_result")
CSS = ASSETS["base.css"].body.decode()
LIGHT = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", CSS.split("@media")[0]))
DARK = LIGHT | dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", CSS.split("@media")[1]))


def luminance(colour: str) -> float:
    """Give the relative luminance, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Give the contrast ratio, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        ("ink", "paper"),
        ("ink", "card"),
        ("ink", "a-soft"),
        ("ink", "b-soft"),
        ("muted", "paper"),
        ("muted", "card"),
        ("a", "card"),
        ("b", "card"),
        ("a", "a-soft"),
        ("b", "b-soft"),
        ("good", "card"),
        ("bad", "card"),
        ("paper", "ink"),
    ],
)
def test_text_can_be_read(scheme: dict[str, str], text: str, ground: str) -> None:
    """Text has a contrast of 4.5 to 1 at least (WCAG 2.2, 1.4.3)."""
    assert contrast(scheme[text], scheme[ground]) >= 4.5, f"{text} on {ground}"


@pytest.mark.parametrize("scheme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("line", "ground"), [("ink", "paper"), ("a", "card"), ("b", "card"), ("line", "card")])
def test_shapes_can_be_seen(scheme: dict[str, str], line: str, ground: str) -> None:
    """Focus rings, borders and bars have a contrast of 3 to 1 at least (WCAG 2.2, 1.4.11)."""
    assert contrast(scheme[line], scheme[ground]) >= 3, f"{line} on {ground}"


def test_the_policy_lets_nothing_inline_or_foreign_in() -> None:
    """Scripts, styles and connections are our own, and nothing is inline."""
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none'; script-src 'self'; style-src 'self'")
    assert "http" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("asset", ASSETS.values(), ids=ASSETS.keys())
def test_assets_load_nothing_from_elsewhere(asset: object) -> None:
    """No asset names another host."""
    body = getattr(asset, "body", b"").decode()
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", body) == []


def test_only_what_was_asked_for_is_kept() -> None:
    """An address with another release's digest must not be kept for a year."""
    asset = ASSETS["base.css"]
    assert asset.url == f"/assets/base.css?v={asset.digest}"
    assert "immutable" in asset.headers(asset.digest)["Cache-Control"]
    assert asset.headers("another")["Cache-Control"] == "no-cache"
    assert asset.headers(None)["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("name", "side", "content"),
    [("Cats", "a", "cat"), (" dogs ", "b", "dog"), ("Tea", "a", "<circle"), ("Tea", "b", "<path")],
)
def test_every_choice_has_a_drawing(name: str, side: str, content: str) -> None:
    """Cats and dogs have their own, anything else an emblem; all are well-formed and without style or script."""
    svg = drawing(name, side)
    ET.fromstring(svg)  # noqa: S314  # our own file
    assert content in svg
    assert "style=" not in svg
    assert "<script" not in svg
