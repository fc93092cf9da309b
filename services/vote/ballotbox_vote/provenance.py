"""Whether a vote comes from our own page: the defence against other sites that post in a voter's name.

The cookie's SameSite=Lax already withholds the identity from cross-site posts; this refuses them, and also those from a
sister host of the same site. See
https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html
"""

from __future__ import annotations

from urllib.parse import urlsplit


def is_our_own(*, host: str, fetch_site: str | None, origin: str | None) -> bool:
    """Say whether a post may be counted.

    Browsers always send Origin with a post, and Sec-Fetch-Site where the page is trustworthy (HTTPS or localhost). A
    client that sends neither is no browser, so it carries no identity that somebody else could abuse.

    Args:
        host: The Host header, as the browser sees us.
        fetch_site: The Sec-Fetch-Site header, if any.
        origin: The Origin header, if any. Its scheme is not compared: TLS may end before us.
    """
    if fetch_site is not None and fetch_site != "same-origin":
        return False
    if origin is None:
        return True
    return origin.startswith(("http://", "https://")) and urlsplit(origin).netloc.lower() == host.lower()
