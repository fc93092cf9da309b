"""Runs Checkov's own command line without three of its costs, which change no verdict.

For a thousand workloads Checkov spends most of its time on writing debug records that nobody reads, on comparing each
check's id with each wanted one by wildcard, and on reading YAML in Python where libyaml is at hand.

    python -m harness.policy.checkov_main CHECKOV'S ARGUMENTS
"""

from __future__ import annotations

import functools
import logging
import runpy
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Sequence


def main() -> None:
    """Become Checkov: its arguments, its output, its exit code."""
    logging.disable(logging.INFO)
    # Checkov derives its line-counting loader from this name; libyaml gives the same nodes with the same marks.
    yaml.loader.SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # type: ignore[misc]
    from checkov.runner_filter import RunnerFilter  # noqa: PLC0415  # after the loader is in its place

    slow = RunnerFilter.check_matches

    @functools.cache
    def matches(check_id: str, bc_check_id: str | None, patterns: tuple[str, ...]) -> bool:
        return bool(slow(check_id=check_id, bc_check_id=bc_check_id, pattern_list=list(patterns)))

    def check_matches(check_id: str, bc_check_id: str | None, pattern_list: Sequence[str]) -> bool:
        return matches(check_id, bc_check_id, tuple(pattern_list))

    RunnerFilter.check_matches = staticmethod(check_matches)  # type: ignore[method-assign]  # what this file is for
    runpy.run_module("checkov.main", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
