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
    assert env == {"VOTE_URL": "http://vote", "VOTES": "12", "VOTERS": "5"}


def test_policies_lead_from_the_seed_to_the_vote_page() -> None:
    """The seed reaches the vote page and nothing else, and the vote page lets it in."""
    objects = manifests.parse(manifests.render(manifests.MANIFESTS / "seed"))
    policies = {each["metadata"]["name"]: each["spec"] for each in objects if each["kind"] == "NetworkPolicy"}
    vote = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "vote"}}}
    assert policies["seed"]["egress"][0]["to"] == [vote]
    assert policies["vote-from-seed"]["podSelector"] == vote["podSelector"]
