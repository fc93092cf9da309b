"""A real browser: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from harness import paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

# A browser of ours talks to our pages alone: no updates, no suggestions, no accounts.
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
)


# Not of the session: Playwright keeps an event loop running in this thread, and other tests bring their own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, headless."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.fail("no Chromium on this machine: apt-get install chromium (`./nox` does it as root)", pytrace=False)
    # Chromium refuses its own sandbox to root; it opens nothing here but our own pages.
    arguments = [*_QUIET, "--no-sandbox"] if os.geteuid() == 0 else [*_QUIET]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=arguments)
        yield started
        started.close()


@pytest.fixture
def screenshots(request: pytest.FixtureRequest) -> Path:
    """The folder that keeps this test's pictures."""
    folder: Path = paths.REPORTS / "screenshots" / str(request.node.name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
