"""The command `images`: builds what changed and lists what there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from harness.images.build import build
from harness.images.recipes import RECIPES
from harness.progress import console

if TYPE_CHECKING:
    import argparse

_MEGABYTE = 1_000_000


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `images` to the command line."""
    parser = subparsers.add_parser("images", help="build the container images that changed, and list them")
    parser.add_argument("names", nargs="*", metavar="IMAGE", help=f"which; by default all: {', '.join(RECIPES)}")
    parser.add_argument("--archive", action="store_true", help="write them into one archive and print its path")
    parser.set_defaults(func=run)


def run(arguments: argparse.Namespace) -> int:
    """Build the images and print a table of them; with `--archive`, the archive's path on standard output."""
    images = build(arguments.names or None)
    table = Table("image", "reference", "MB", "built now")
    for image in images.images.values():
        table.add_row(
            image.name,
            image.reference,
            f"{image.size_bytes / _MEGABYTE:.1f}",
            "yes" if image.name in images.built else "",
        )
    console.print(table)
    console.print(f"{images.unpacked_bytes / _MEGABYTE:.1f} MB in all, shared layers once; {images.seconds:.1f} s")
    if arguments.archive:
        print(images.archive())
    return 0
