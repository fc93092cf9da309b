"""The seed job."""

from __future__ import annotations

import yaml

from harness import manifests
from harness.deploy.seed import resize


def test_resize() -> None:
    """The job casts as many votes of as many voters as were asked for; its other variables stay."""
    job = yaml.safe_load((manifests.MANIFESTS / "seed" / "job.yaml").read_text())
    resize(job, votes=12, voters=5)
    env = {entry["name"]: entry["value"] for entry in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env == {"VOTE_URL": "http://traefik.ingress:8081", "VOTES": "12", "VOTERS": "5"}
