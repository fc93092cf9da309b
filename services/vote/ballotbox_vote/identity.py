"""Who votes: a random voter id and this browser's last choice, in a cookie that only we can have signed.

The last choice is kept here and not in Redis, so that the page's Redis user needs nothing but XADD, and so that the
page can be shown while Redis is away.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from itsdangerous import BadSignature, Signer

from ballotbox_common.broker import CHOICES

if TYPE_CHECKING:
    from flask import Response

ONE_YEAR_S = 365 * 24 * 3600
_CONTENT = re.compile(rf"(?P<id>[0-9a-f]{{32}})-(?P<choice>[{''.join(CHOICES)}]?)")


class ForgedCookieError(Exception):
    """A cookie that carries our name was not signed by us."""


@dataclass(frozen=True)
class Voter:
    """A browser: its id (32 hexadecimal digits) and its last choice, `a`, `b` or none."""

    id: str
    choice: str | None = None

    def having_chosen(self, choice: str) -> Voter:
        """Give the same voter with another last choice."""
        return replace(self, choice=choice)


class VoterCookie:
    """Writes voters into cookies and reads them back.

    Args:
        key: The secret that signs.
        secure: Whether the cookie is for HTTPS only. Its name then begins with `__Host-`, which makes the browser
            refuse one that another host or an insecure page set:
            https://developer.mozilla.org/docs/Web/HTTP/Reference/Headers/Set-Cookie#cookie_prefixes
    """

    def __init__(self, *, key: str, secure: bool) -> None:
        self._signer = Signer(key, salt="ballotbox.voter", digest_method=hashlib.sha256, key_derivation="hmac")
        self.name = "__Host-voter" if secure else "voter"
        self.secure = secure

    def read(self, value: str) -> Voter:
        """Give the voter that `value` stands for.

        Raises:
            ForgedCookieError: The signature is not ours.
        """
        try:
            content = self._signer.unsign(value).decode("ascii")
        except (BadSignature, UnicodeDecodeError):
            raise ForgedCookieError from None
        match = _CONTENT.fullmatch(content)
        if match is None:
            raise ForgedCookieError
        return Voter(match["id"], match["choice"] or None)

    def write(self, voter: Voter) -> str:
        """Give the cookie's value for `voter`."""
        return self._signer.sign(f"{voter.id}-{voter.choice or ''}").decode("ascii")

    def give(self, response: Response, voter: Voter) -> Response:
        """Have `response` bring the cookie to the browser.

        SameSite is Lax, not Strict: a voter who follows a link to us has to bring the identity along, or would be given
        a second one.
        """
        response.set_cookie(
            self.name,
            self.write(voter),
            max_age=ONE_YEAR_S,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="Lax",
        )
        return response


def new_voter() -> Voter:
    """Make a voter nobody has seen before."""
    return Voter(secrets.token_hex(16))
