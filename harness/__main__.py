"""The command line: `python -m harness COMMAND`; nox's sessions call it."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from harness.errors import UserError

# Each module has `add_parser(subparsers)`, which adds all its commands.
COMMANDS = {
    "harness.platform.command": ("up", "down", "status", "seed", "kubectl", "packages"),
    "harness.doctor.command": ("doctor",),
    "harness.images.command": ("images",),
    "harness.network.command": ("network", "explain"),
    "harness.policy.command": ("policy", "policy-conformance", "policy-mutation", "fuzz", "actionlint"),
}
ALL = {command for commands in COMMANDS.values() for command in commands}


def main(argv: list[str]) -> int:
    """Run one command.

    Returns:
        0 where it did what was asked, 1 where a check failed, 2 where the person at the keyboard has to mend something.
    """
    parser = argparse.ArgumentParser(prog="harness", description="Ballotbox's harness", allow_abbrev=False)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module, commands in COMMANDS.items():
        # Only what is asked for is imported: the command line starts fast, and one broken part breaks no other.
        if not argv or argv[0].startswith("-") or argv[0] in commands or argv[0] not in ALL:
            import_module(module).add_parser(subparsers)
    arguments = parser.parse_args(argv)
    try:
        return int(arguments.func(arguments))
    except UserError as error:
        print(f"{arguments.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"{arguments.command}: interrupted; `./nox -s status` says what runs", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
