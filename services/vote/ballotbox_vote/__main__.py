"""Runs the vote page: `python -m ballotbox_vote`."""

from __future__ import annotations

from ballotbox_common.admin import EVERY_ADDRESS
from ballotbox_common.logs import configure
from ballotbox_common.settings import load_or_exit
from ballotbox_vote.server import Server
from ballotbox_vote.settings import VoteSettings


def main() -> None:
    """Read the settings, then serve until SIGTERM."""
    settings = load_or_exit("vote", VoteSettings)
    configure("vote", settings.log_level)
    Server(settings, host=EVERY_ADDRESS).run()


if __name__ == "__main__":
    main()
