"""Runs the result page: `python -m ballotbox_result`."""

from __future__ import annotations

import asyncio

from ballotbox_common.admin import EVERY_ADDRESS
from ballotbox_common.logs import configure
from ballotbox_common.settings import load_or_exit
from ballotbox_result.server import run
from ballotbox_result.settings import ResultSettings


def main() -> None:
    """Read the settings, then serve until SIGTERM."""
    settings = load_or_exit("result", ResultSettings)
    configure("result", settings.log_level)
    asyncio.run(run(settings, host=EVERY_ADDRESS))


if __name__ == "__main__":
    main()
