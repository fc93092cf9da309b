"""Runs the seed job: random votes of many voters through the vote page."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import manifests
from harness.deploy.apply import Api
from harness.deploy.run import NAMESPACE, render_for
from harness.errors import UserError
from harness.progress import Plan
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from harness.cluster.manager import Manager
    from harness.images import ImageSet

_JOB = "seed"
_SEED_TIMEOUT_S = 600.0
_GONE_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Seeded:
    """What the seed says of itself when it is done: `acknowledged`, `expected` and more, and the seconds it took."""

    report: dict[str, Any]
    seconds: float


def seed(cluster: Manager, images: ImageSet, *, votes: int, voters: int, timeout_s: float = _SEED_TIMEOUT_S) -> Seeded:
    """Cast random votes and wait until they are cast; what an earlier seed left is removed first.

    Raises:
        UserError: The job failed or took too long; the message has its last line.
    """
    begun = time.monotonic()
    plan = Plan("seed", 1)
    with plan.step(f"casting {votes} votes of {voters} voters"):
        api = Api(cluster.kubeconfig, cluster.settings.state / "deploy" / "discovery.json")
        api.delete("batch/v1", "Job", _JOB, NAMESPACE)
        wait_for("the earlier seed job to be gone", lambda: _gone(api), timeout_s=_GONE_TIMEOUT_S)
        objects = render_for(cluster, images, manifests.MANIFESTS / "seed")
        try:
            for each in objects:
                if each["kind"] == "Job":
                    resize(each, votes=votes, voters=voters)
                api.apply(each)
            wait_for("the seed job", lambda: _finished(api), timeout_s=timeout_s, interval_s=0.5)
        finally:
            # The way is open as long as somebody uses it.
            for each in objects:
                if each["kind"] == "NetworkPolicy":
                    api.delete(each["apiVersion"], each["kind"], each["metadata"]["name"], NAMESPACE)
    last = _last_line(cluster)
    if _failed(api):
        raise UserError(f"seed: not every vote was acknowledged; it said: {last}; `./nox -s kubectl -- logs job/seed`")
    return Seeded(report=_parsed(last), seconds=time.monotonic() - begun)


def resize(job: dict[str, Any], *, votes: int, voters: int) -> None:
    """Have a seed job cast so many votes of so many voters."""
    sizes = {"VOTES": str(votes), "VOTERS": str(voters)}
    for entry in job["spec"]["template"]["spec"]["containers"][0]["env"]:
        entry["value"] = sizes.get(entry["name"], entry["value"])


def _gone(api: Api) -> Seen:
    return Seen(not _jobs(api), "still there")


def _jobs(api: Api) -> list[dict[str, Any]]:
    return [job for job in api.objects("batch/v1", "Job", namespace=NAMESPACE) if job["metadata"]["name"] == _JOB]


def _finished(api: Api) -> Seen:
    conditions = _conditions(api)
    return Seen(bool(conditions & {"Complete", "Failed"}), ", ".join(sorted(conditions)) or "running")


def _failed(api: Api) -> bool:
    return "Failed" in _conditions(api)


def _conditions(api: Api) -> set[str]:
    return {
        condition["type"]
        for job in _jobs(api)
        for condition in (job.get("status") or {}).get("conditions") or ()
        if condition["status"] == "True"
    }


def _last_line(cluster: Manager) -> str:
    said = cluster.kubectl(["logs", f"job/{_JOB}", "--namespace", NAMESPACE, "--tail=1"], as_dict=False)
    return str(said).strip()


def _parsed(line: str) -> dict[str, Any]:
    try:
        report = json.loads(line)
    except json.JSONDecodeError:
        return {"message": line}
    return report if isinstance(report, dict) else {"message": line}
