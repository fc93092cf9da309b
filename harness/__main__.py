"""The command line: `python -m harness COMMAND`; nox's sessions call it."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING

from harness.errors import UserError

if TYPE_CHECKING:
    from types import FrameType

# Each module has `add_parser(subparsers)`, which adds all its commands.
COMMANDS = {
    "harness.platform.command": ("up", "down", "status", "seed", "kubectl", "packages"),
    "harness.doctor.command": ("doctor",),
    "harness.images.command": ("images",),
    "harness.network.command": ("network", "explain"),
    "harness.faults.command": ("faults",),
    "harness.policy.command": ("policy", "policy-conformance", "policy-mutation", "fuzz", "actionlint"),
}
ALL = {command for commands in COMMANDS.values() for command in commands}
_FAILED, _TO_MEND, _INTERRUPTED = 1, 2, 130
# What a machine can be in the way with; any other error of the system is a mistake of ours, and shows where.
_OF_THE_MACHINE = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EROFS: "choose a place that can be written to: XDG_STATE_HOME, XDG_CACHE_HOME",
    errno.EACCES: "run as root (`sudo ./nox …`)",
    errno.EPERM: "run as root (`sudo ./nox …`)",
}


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
    # All words of kubectl are its own: argparse would take the dashes out of `exec POD -- sh`.
    own = argv[:1] if argv[:1] == ["kubectl"] else argv
    arguments = parser.parse_args(own, argparse.Namespace(words=argv[len(own) :]))
    try:
        code = int(arguments.func(arguments))
        sys.stdout.flush()
    except UserError as error:
        return _tell(arguments.command, str(error), _TO_MEND)
    except KeyboardInterrupt:
        return _tell(arguments.command, "interrupted; `./nox -s status` says what runs", _INTERRUPTED)
    except BrokenPipeError:
        # The reader, `head` say, has what it wanted; Python would complain once more when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    except OSError as error:
        if error.errno not in _OF_THE_MACHINE:
            raise
        what = f"{error.filename or 'this machine'}: {error.strerror}; {_OF_THE_MACHINE[error.errno]}"
        return _tell(arguments.command, what, _TO_MEND)
    return code


def _tell(command: str, what: str, code: int) -> int:
    print(f"{command}: {what}", file=sys.stderr)
    return code


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end_in_order() -> None:
    """Let a request to end, and a terminal that is closed, be what Ctrl-C is: half a cluster is taken down again."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # not what `nohup` has set
            signal.signal(number, _interrupt)


if __name__ == "__main__":
    _end_in_order()
    raise SystemExit(main(sys.argv[1:]))
