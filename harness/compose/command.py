"""The command `compose-secrets`: makes what `docker compose up` asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness import paths
from harness.compose import files

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `compose-secrets` to the command line."""
    parser = subparsers.add_parser("compose-secrets", help="make the secrets that `docker compose up` asks for")
    parser.set_defaults(func=run)


def run(_: argparse.Namespace) -> int:
    """Write the files and name them."""
    for path in files.write(paths.ROOT):
        print(f"wrote {path.relative_to(paths.ROOT)}")
    print("now: docker compose up --build --wait")
    return 0
