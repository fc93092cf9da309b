"""The result page as HTML: the tally of the moment it is asked for, then kept up to date by its script."""

from __future__ import annotations

import html
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from ballotbox_common.web import drawing, shared_drawing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ballotbox_common.web import Asset
    from ballotbox_result.settings import ResultSettings
    from ballotbox_result.tally import Tally

_UNKNOWN = "\N{EN DASH}"


class Page:
    """Makes the page; what does not change between two requests is filled in once."""

    def __init__(self, settings: ResultSettings, assets: Mapping[str, Asset]) -> None:
        self._names = (settings.choice_a, settings.choice_b)
        link = f'<a href="{html.escape(settings.vote_url)}">Vote yourself</a>' if settings.vote_url else ""
        template = Template((files("ballotbox_result") / "page.html").read_text(encoding="utf-8"))
        fixed = {
            "name_a": html.escape(settings.choice_a),
            "name_b": html.escape(settings.choice_b),
            "drawing_a": drawing(settings.choice_a, "a"),
            "drawing_b": drawing(settings.choice_b, "b"),
            "mark": shared_drawing("mark"),
            "vote_link": link,
            "favicon": assets["favicon.svg"].url,
            "base_css": assets["base.css"].url,
            "result_css": assets["result.css"].url,
            "result_js": assets["result.js"].url,
        }
        # A name may have a $ in it; the second filling must not take it for a place to fill.
        self._template = Template(template.safe_substitute({key: v.replace("$", "$$") for key, v in fixed.items()}))

    def render(self, tally: Tally | None) -> bytes:
        """Give the page with `tally`, or with dashes while it is not known."""
        return self._template.substitute(self._figures(tally)).encode()

    def _figures(self, tally: Tally | None) -> dict[str, str]:
        if tally is None:
            shown = dict.fromkeys(("count_a", "count_b", "count_total", "percent_a", "percent_b"), _UNKNOWN)
            units = dict.fromkeys(("unit_a", "unit_b", "unit_total"), _unit(0))
            return {**shown, **units, "a": "", "b": "", "total": "", "leader": "The count is not known yet."}
        return {
            "a": str(tally.a),
            "b": str(tally.b),
            "total": str(tally.total),
            "count_a": f"{tally.a:,}",
            "count_b": f"{tally.b:,}",
            "count_total": f"{tally.total:,}",
            "unit_a": _unit(tally.a),
            "unit_b": _unit(tally.b),
            "unit_total": _unit(tally.total),
            "percent_a": _percent(tally.a, tally.total),
            "percent_b": _percent(tally.b, tally.total),
            "leader": html.escape(self._leader(tally)),
        }

    def _leader(self, tally: Tally) -> str:
        if tally.total == 0:
            return "No votes yet. Be the first."
        ahead = abs(tally.a - tally.b)
        if ahead == 0:
            return "A dead heat."
        return f"{self._names[tally.a < tally.b]} lead by {ahead:,} {_unit(ahead)}."


def _unit(count: int) -> str:
    return "vote" if count == 1 else "votes"


def _percent(part: int, total: int) -> str:
    return f"{100 * part / total if total else 0:.1f}%"
