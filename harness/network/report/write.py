"""Writes the reports of one run into a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.network.report.data import to_json
from harness.network.report.html import html
from harness.network.report.junit import junit

if TYPE_CHECKING:
    from pathlib import Path

    from harness.network.result import Run


def write(run: Run, folder: Path) -> list[Path]:
    """Write matrix.html, junit.xml and result.json; return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in (("matrix.html", html(run)), ("junit.xml", junit(run)), ("result.json", to_json(run))):
        (folder / name).write_text(text, encoding="utf-8")
        written.append(folder / name)
    return written
