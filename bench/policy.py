"""Measures the policy gate's bars: every overlay, with Checkov, and a thousand workloads of someone's.

Run: `./nox -s bench -- policy`. The best of three tries counts.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from harness.policy import gate, rego
from harness.policy.subjects import Loader
from harness.policy.wrapping import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

WORKLOADS = 1000
TRIES = 3


def thousand(folder: Path) -> Path:
    """Write a file with a thousand Deployments like vote's."""
    container = {
        "name": "app",
        "image": "registry.example/app:1.2.3",
        "ports": [{"containerPort": 8080}],
        "livenessProbe": {"httpGet": {"path": "/livez", "port": 8080}},
        "readinessProbe": {"httpGet": {"path": "/readyz", "port": 8080}},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"cpu": "1", "memory": "32Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    spec = {
        "serviceAccountName": "app",
        "automountServiceAccountToken": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 1000,
            "runAsGroup": 1000,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container],
    }
    objects = [
        wrap("Deployment", {"metadata": {"name": f"app-{number}", "namespace": "shop"}, "spec": spec})
        for number in range(WORKLOADS)
    ]
    file = folder / "thousand.yaml"
    # JSON is YAML, and has no aliases for what the Deployments share.
    file.write_text("".join(f"---\n{json.dumps(each, indent=1)}\n" for each in objects))
    return file


def main() -> int:
    """Print each figure beside its bar."""
    with tempfile.TemporaryDirectory() as scratch:
        file = thousand(Path(scratch))
        today = datetime.now(UTC).date()
        bars: tuple[tuple[str, float, Callable[[], object]], ...] = (
            ("rego over all overlays, rendering included", 1.5, lambda: rego.evaluate(Loader().project())),
            ("both engines over all overlays", 15.0, lambda: gate.judge(Loader().project(), today=today)),
            (f"{WORKLOADS} workloads, both engines", 20.0, lambda: gate.judge(Loader().paths([file]), today=today)),
            (
                f"{WORKLOADS} workloads, rego",
                20.0,
                lambda: gate.judge(Loader().paths([file]), engines=["rego"], today=today),
            ),
        )
        kept = True
        for name, limit_s, work in bars:
            times = []
            for _ in range(TRIES):
                start = time.monotonic()
                work()
                times.append(time.monotonic() - start)
            kept &= min(times) <= limit_s
            tries = ", ".join(f"{each:.2f}" for each in times)
            print(f"{name}: {min(times):.2f} s (bar {limit_s:g} s; tries {tries})")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
