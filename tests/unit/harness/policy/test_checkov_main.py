"""Checkov by our launcher says what Checkov says by itself."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from harness import paths, process
from harness.policy.checkov import checks

if TYPE_CHECKING:
    from pathlib import Path

MANIFESTS = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: careless, namespace: shop}
spec:
  template:
    spec:
      hostNetwork: true
      containers:
        - {name: app, image: "app:latest", securityContext: {privileged: true}}
---
apiVersion: v1
kind: Pod
metadata:
  name: plain
spec:
  containers:
    - name: app
      image: registry.example/app:1.2.3
"""


def run(module: str, folder: Path) -> Any:
    """Run Checkov's command line as a module and return what it printed."""
    options = ["--directory", ".", "--framework", "kubernetes", "--skip-download", "--output", "json", "--soft-fail"]
    argv = [sys.executable, "-m", module, *options, "--check", ",".join(checks())]
    env = {"LOG_LEVEL": "ERROR", "PYTHONPATH": str(paths.ROOT), "PYTHONWARNINGS": "ignore"}
    return json.loads(process.run(argv, cwd=folder, env=env).stdout)


def test_same_verdicts_at_the_same_lines(tmp_path: Path) -> None:
    """Every check passes, fails and points to the same lines; the launcher only saves time."""
    (tmp_path / "shop.yaml").write_text(MANIFESTS)
    ours, plain = (run(module, tmp_path) for module in ("harness.policy.checkov_main", "checkov.main"))
    assert plain["summary"]["failed"] > 10, "the comparison is blind"
    assert ours["summary"] == plain["summary"]
    for kind in ("passed_checks", "failed_checks"):
        assert sorted(map(repr, ours["results"][kind])) == sorted(map(repr, plain["results"][kind]))
