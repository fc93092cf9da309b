"""The command line: `python -m harness COMMAND`; nox's sessions call it."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module

from harness.errors import UserError

# Each has `add_parser(subparsers)`; imported late enough that a broken part cannot break the others' --help.
COMMANDS = ("harness.platform.command", "harness.doctor.command", "harness.network.command", "harness.policy.command")


def main(argv: list[str]) -> int:
    """Run one command.

    Returns:
        0 where it did what was asked, 1 where a check failed, 2 where the person at the keyboard has to mend something.
    """
    parser = argparse.ArgumentParser(prog="harness", description="Ballotbox's harness", allow_abbrev=False)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for module in COMMANDS:
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
