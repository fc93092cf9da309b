"""Carries a deployment out: renders, applies, prunes, and waits until every pod is Ready."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import credentials, manifests
from harness.deploy import kustomization
from harness.deploy.apply import LABEL, Api
from harness.deploy.readiness import Snapshot, unready
from harness.progress import Plan
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from harness.cluster.manager import Manager
    from harness.images import ImageSet

NAMESPACE = "ballotbox"
READY_TIMEOUT_S = 300.0
_POLL_S = 0.25
_NOTE_EVERY_S = 3.0


@dataclass(frozen=True)
class Deployed:
    """What a deployment did.

    Attributes:
        changes: One line for each object that was created, changed or removed; empty where nothing was.
        apply_s: Seconds until everything was applied.
        ready_s: Seconds from then until every pod was Ready.
    """

    changes: tuple[str, ...]
    apply_s: float
    ready_s: float


def deploy(
    cluster: Manager,
    images: ImageSet,
    *,
    overlay: str | None = None,
    plan: Plan | None = None,
    timeout_s: float = READY_TIMEOUT_S,
) -> Deployed:
    """Deploy what changed, remove what is gone, and wait until every pod is Ready.

    Args:
        cluster: Where; it has the images already.
        images: The images that were built for it.
        overlay: A folder of manifests/overlays; by default the one of the cluster's provider.
        plan: Where the two steps are told; by default a plan of its own. Not to be called within a step.
        timeout_s: Seconds to wait for the pods.

    Raises:
        UserError: The manifests do not render, the API server refused one, or a pod did not become Ready in time; the
            message says why.
    """
    plan = plan or Plan("deployment", 2)
    state = cluster.settings.state
    begun = time.monotonic()
    with plan.step("applying the manifests"):
        resource = manifests.OVERLAYS / (overlay or cluster.provider)
        secrets = credentials.secret_objects(credentials.ensure(state), NAMESPACE)
        objects = with_secrets(render_for(cluster, images, resource, _addresses(cluster)), secrets)
        api = Api(cluster.kubeconfig, state / "deploy" / "discovery.json")
        changes = [change for each in objects if (change := api.apply(each))] + api.prune(objects)
    applied = time.monotonic()
    with plan.step("waiting until every pod is Ready"):
        wait_until_ready(api, objects, plan, timeout_s)
    return Deployed(changes=tuple(map(str, changes)), apply_s=applied - begun, ready_s=time.monotonic() - applied)


def render_for(
    cluster: Manager, images: ImageSet, resource: Path, settings: Mapping[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return the objects of a kustomization with this cluster's images and settings, Secrets excepted."""
    folder = cluster.settings.state / "deploy"
    references = {name: image.reference for name, image in images.images.items()}
    kustomization.write(folder, resource, references, settings or {})
    return manifests.parse(manifests.render(folder))


def with_secrets(objects: list[dict[str, Any]], secrets: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the objects with the Secrets among them, in the order to apply them, pod templates stamped."""
    kustomization.stamp(objects, secrets)
    # What pods refer to has to be there before they start, and the namespace before that.
    namespaces = [each for each in objects if each["kind"] == "Namespace"]
    return [*namespaces, *secrets, *(each for each in objects if each["kind"] != "Namespace")]


def wait_until_ready(api: Api, objects: list[dict[str, Any]], plan: Plan, timeout_s: float) -> None:
    """Wait until every Deployment and StatefulSet among `objects` has all its pods Ready."""
    wanted = {(each["kind"], each["metadata"]["name"]) for each in objects}
    namespaces = sorted(
        {each["metadata"]["namespace"] for each in objects if each["kind"] in {"Deployment", "StatefulSet"}}
    )
    told = ("", 0.0)

    def look() -> Seen:
        lines = unready(_snapshot(api, namespaces, wanted))
        return Seen(not lines, "; ".join(lines) or "every pod is Ready")

    def note(seen: Seen, waited_s: float) -> None:
        nonlocal told
        if not seen.done and seen.state != told[0] and waited_s - told[1] >= _NOTE_EVERY_S:
            told = (seen.state, waited_s)
            plan.note(f"{waited_s:.0f} s: {seen.state}")

    wait_for("every pod Ready", look, timeout_s=timeout_s, interval_s=_POLL_S, on_look=note)


def _snapshot(api: Api, namespaces: list[str], wanted: set[tuple[str, str]]) -> Snapshot:
    workloads, pods, events = [], [], []
    for namespace in namespaces:
        for kind in ("Deployment", "StatefulSet"):
            found = api.objects("apps/v1", kind, namespace=namespace, label_selector=LABEL)
            workloads += [each for each in found if (kind, each["metadata"]["name"]) in wanted]
        pods += api.objects("v1", "Pod", namespace=namespace)
        events += api.objects("v1", "Event", namespace=namespace)
    return Snapshot(workloads, pods, events)


def _addresses(cluster: Manager) -> dict[str, str]:
    """Return what the pages have to know of where this cluster is opened: each links to the other."""
    settings = cluster.settings
    return {
        "VOTE_URL": f"http://localhost:{settings.vote_port}",
        "RESULT_URL": f"http://localhost:{settings.result_port}",
    }
