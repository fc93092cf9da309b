"""Deploys Ballotbox to a cluster: what changed and nothing else, then waits until every pod is Ready."""

from harness.deploy.run import Deployed, deploy
from harness.deploy.seed import seed

__all__ = ["Deployed", "deploy", "seed"]
