"""Where a post may come from."""

from __future__ import annotations

import pytest

from ballotbox_vote.provenance import is_our_own


@pytest.mark.parametrize(
    ("host", "fetch_site", "origin", "expected"),
    [
        ("vote.com", None, None, True),
        ("vote.com", "same-origin", "https://vote.com", True),
        ("vote.com", None, "http://vote.com", True),
        ("VOTE.com", None, "http://vote.COM", True),
        ("localhost:8080", None, "http://localhost:8080", True),
        ("vote.com", "same-origin", None, True),
        ("vote.com", "same-site", "https://result.vote.com", False),
        ("vote.com", "cross-site", "https://evil.example", False),
        ("vote.com", "none", None, False),
        ("vote.com", None, "https://evil.example", False),
        ("vote.com", None, "null", False),
        ("localhost:8080", None, "http://localhost:8081", False),
        ("vote.com", None, "https://vote.com.evil.example", False),
        ("vote.com", None, "https://vote.com@evil.example", False),
        ("vote.com", None, "", False),
    ],
)
def test_only_our_own_page_may_post(host: str, fetch_site: str | None, origin: str | None, expected: bool) -> None:
    """Other origins are refused, whatever else they say; no browser at all is let in."""
    assert is_our_own(host=host, fetch_site=fetch_site, origin=origin) is expected
