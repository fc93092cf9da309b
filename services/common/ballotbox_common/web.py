"""What both pages send: security headers, their own assets, and the drawings that stand for the choices."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
SECURITY_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # Not no-referrer: with it a browser sends "Origin: null" with our own form.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
NEVER_STORED = "no-store"
_FOREVER = "public, max-age=31536000, immutable"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_DRAWINGS = {"cats": "cat", "cat": "cat", "dogs": "dog", "dog": "dog"}
_SHARED = files("ballotbox_common") / "design"


@dataclass(frozen=True)
class Asset:
    """A file that a page loads: its name, media type, content and the digest of the content."""

    name: str
    media_type: str
    body: bytes
    digest: str

    @property
    def url(self) -> str:
        """The address by which a page refers to exactly this content."""
        return f"/assets/{self.name}?v={self.digest}"

    def headers(self, version: str | None) -> dict[str, str]:
        """Give the headers of an answer to somebody who asked for `version`.

        During a rollout a page of one release may ask a pod of another: only what was asked for is kept for long.
        """
        cache = _FOREVER if version == self.digest else "no-cache"
        return {"Content-Type": self.media_type, "Cache-Control": cache, "ETag": f'"{self.digest}"'}


def load_assets(package: str) -> dict[str, Asset]:
    """Read the assets that all pages share and those in the folder `assets` of `package`, by name."""
    folders = (_SHARED, files(package) / "assets")
    return {asset.name: asset for folder in folders for asset in _assets_in(folder)}


def drawing(choice_name: str, side: str) -> str:
    """Give the drawing for a choice as inline SVG: a cat, a dog, or a neutral emblem of its side, `a` or `b`."""
    name = _DRAWINGS.get(choice_name.strip().lower(), f"emblem-{side}")
    return shared_drawing(name)


def shared_drawing(name: str) -> str:
    """Give one of the drawings in the folder `design` as inline SVG."""
    return (_SHARED / f"{name}.svg").read_text(encoding="utf-8").strip()


def _assets_in(folder: Traversable) -> Iterator[Asset]:
    for entry in folder.iterdir():
        dot = entry.name.rfind(".")
        media_type = _MEDIA_TYPES.get(entry.name[dot:])
        if media_type is not None:
            body = entry.read_bytes()
            yield Asset(entry.name, media_type, body, hashlib.sha256(body).hexdigest()[:16])
