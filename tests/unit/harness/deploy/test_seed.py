"""The seed job."""

from __future__ import annotations

import yaml

from harness import manifests
from harness.deploy.seed import folder_for, resize


def test_resize() -> None:
    """The job casts as many votes of as many voters as were asked for; its other variables stay."""
    job = yaml.safe_load((manifests.MANIFESTS / "seed" / "job.yaml").read_text())
    resize(job, votes=12, voters=5)
    env = {entry["name"]: entry["value"] for entry in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env == {"VOTE_URL": "http://traefik.ingress:8081", "VOTES": "12", "VOTERS": "5"}


def test_goes_straight_where_the_front_door_is_not_ours() -> None:
    """Elsewhere than in the embedded cluster the seed votes at the Service, and is let in for as long as it votes."""
    objects = manifests.parse(manifests.render(folder_for("minikube")))
    job = next(each for each in objects if each["kind"] == "Job")
    assert job["spec"]["template"]["spec"]["containers"][0]["env"][0] == {"name": "VOTE_URL", "value": "http://vote"}
    policies = {each["metadata"]["name"]: each["spec"] for each in objects if each["kind"] == "NetworkPolicy"}
    vote = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "vote"}}}
    assert policies["seed"]["egress"][0]["to"] == [vote]
    assert policies["vote-from-seed"]["podSelector"] == vote["podSelector"]
