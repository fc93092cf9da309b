"""Differential fuzzing: made-up pods, judged by the gate and by the official evaluator."""

from __future__ import annotations

import hashlib
import secrets
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded

from harness.policy.agreement import Comparison, Disagreement, compare, shrink
from harness.policy.pods import pods

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

# Each is a pod that the two once judged differently, made small; tests judge them again for ever.
REGRESSIONS = Path("tests/unit/harness/policy/regressions")
_SHOWN = 5
_SHARE = 1000  # pods that one process makes; making them is half of the work


def generate(count: int, seed: int) -> list[dict[str, Any]]:
    """Return that many made-up pods; the same seed gives the same pods."""
    shares = [min(_SHARE, count - first) for first in range(0, count, _SHARE)]
    if len(shares) == 1:
        return _generate(count, seed)
    with ProcessPoolExecutor() as pool:
        parts = pool.map(_generate, shares, range(seed, seed + len(shares)))
    return [pod for part in parts for pod in part]


def _generate(count: int, seed: int) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []

    # Hypothesis only makes them: a judge for one pod starts a program, so all are judged together afterwards.
    @seeded(seed)
    @settings(
        max_examples=count,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(pods())
    def collect(pod: dict[str, Any]) -> None:
        made.append(pod)

    collect()
    return made[:count]


def run(count: int, seed: int | None, reports: Path, console: Console) -> int:
    """Fuzz, print what was covered, and write each disagreement, made small, into the report folder."""
    chosen = secrets.randbelow(2**32) if seed is None else seed
    start = time.monotonic()
    console.print(f"fuzz: {count} pods, seed {chosen} (`--seed {chosen}` repeats the run)")
    comparison = compare(generate(count, chosen))
    for line in describe(comparison):
        console.print(f"  {line}")
    for disagreement in comparison.disagreements[:_SHOWN]:
        small = shrink(disagreement)
        file = write(small, reports / "disagreements")
        console.print(f"[red]✗[/red] {'; '.join(small.lines)}")
        console.print(f"  {file}: once mended, move it to {REGRESSIONS}/")
    verdict = f"{len(comparison.disagreements)} disagreements in {comparison.pods} pods"
    console.print(f"fuzz: {verdict} ({time.monotonic() - start:.1f} s)")
    return 1 if comparison.disagreements else 0


def describe(comparison: Comparison) -> list[str]:
    """Say what the pods were like, in lines."""
    admitted = ", ".join(f"{number} at {level}" for level, number in comparison.admitted.items())
    refused = ", ".join(f"{check} {number}" for check, number in sorted(comparison.checks.items()))
    return [
        f"{comparison.pods - comparison.unreadable} readable by the API server, {comparison.unreadable} not",
        f"admitted by the official evaluator: {admitted}",
        f"refused by check: {refused}",
    ]


def write(disagreement: Disagreement, folder: Path) -> Path:
    """Write a pod with what was said of it; the name is a hash of the pod."""
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(_plain(disagreement.pod), sort_keys=False)
    file = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:12]}.yaml"
    file.write_text("".join(f"# {line}\n" for line in disagreement.lines) + text)
    return file


def _plain(pod: Mapping[str, Any]) -> dict[str, Any]:
    return dict(pod)
