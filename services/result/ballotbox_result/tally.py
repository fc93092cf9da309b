"""The tally, and the message that carries it to a page."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Tally:
    """The count of each choice at one revision; revisions grow in the order of the database's commits."""

    revision: int
    a: int
    b: int

    @classmethod
    def parse(cls, payload: str) -> Tally:
        """Read what PostgreSQL notifies.

        Raises:
            ValueError: It is not a tally.
        """
        try:
            fields = json.loads(payload)
            return cls(*(int(fields[name]) for name in ("revision", "a", "b")))
        except (TypeError, KeyError) as error:
            raise ValueError(f"not a tally: {payload!r}") from error

    @property
    def total(self) -> int:
        """All votes."""
        return self.a + self.b


def message(tally: Tally | None, *, live: bool) -> str:
    """Give the WebSocket message: the last tally known, if any, and whether it is the present one.

    `{"a": 2, "b": 1, "total": 3, "revision": 7, "live": true}`; without a tally the counts are null.
    """
    counts: dict[str, int | None] = dict.fromkeys(("a", "b", "total", "revision"))
    if tally is not None:
        counts = {"a": tally.a, "b": tally.b, "total": tally.total, "revision": tally.revision}
    return json.dumps({**counts, "live": live})
