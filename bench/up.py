"""How long a warm `up` takes to a Ready node and to every pod Ready, how long `down` takes, against their bars.

A scratch cluster of its own name and ports, up and down again: `./nox -s bench -- up [RUNS]`. Programs and images have
to be built beforehand (`./nox -s up` once). A busy machine measures itself: the load before each run is printed too.
"""

from __future__ import annotations

import os
import statistics
import sys
import time

from harness.cluster.embedded import lifecycle
from harness.errors import UserError
from harness.platform.up import bring_up
from harness.settings import ClusterSettings

NAME = "ballotbox-bench"
RUNS = 3
BARS_S = {"node Ready": 20.0, "every pod Ready": 45.0, "down": 10.0}


def measure() -> dict[str, float]:
    """Bring the scratch cluster up and down once; give the seconds of each."""
    settings = ClusterSettings(
        name=NAME, provider="embedded", vote_port=lifecycle.free_port(), result_port=lifecycle.free_port()
    )
    up = bring_up(settings)
    start = time.monotonic()
    up.cluster.delete()
    return {"node Ready": up.node_ready_s, "every pod Ready": up.ready_s, "down": time.monotonic() - start}


def main(runs: int) -> int:
    """Measure, print each run and the medians beside their bars; give 1 if a median misses its bar."""
    print(f"{os.cpu_count()} processors; {', '.join(f'{what} <= {bar:g} s' for what, bar in BARS_S.items())}")
    seen: dict[str, list[float]] = {what: [] for what in BARS_S}
    for run in range(1, runs + 1):
        load = os.getloadavg()[0]
        for what, seconds in measure().items():
            seen[what].append(seconds)
        figures = ", ".join(f"{what} {values[-1]:.1f} s" for what, values in seen.items())
        print(f"run {run}: {figures} (load before it {load:.1f})")
    missed = False
    for what, bar in BARS_S.items():
        median = statistics.median(seen[what])
        missed = missed or median > bar
        print(f"{'✗' if median > bar else '✓'} {what}: median {median:.1f} s, bar {bar:g} s")
    return int(missed)


if __name__ == "__main__":
    try:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS))
    except UserError as error:
        sys.exit(f"bench/up.py: {error}")
