"""Brings the platform up, from whatever of it is there already, to two addresses that answer."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from harness import deploy, images, prerequisites, programs
from harness.cluster import selection
from harness.cluster.embedded import node_images
from harness.cluster.embedded.components import TOOLS
from harness.cluster.embedded.manager import EmbeddedManager
from harness.doctor.command import require
from harness.errors import UserError
from harness.platform import turn
from harness.progress import Plan

if TYPE_CHECKING:
    from harness.cluster.manager import Endpoints, Manager
    from harness.settings import ClusterSettings

# What deploying needs besides the cluster's own programs.
_DEPLOY_TOOLS = ("kustomize",)


@dataclass(frozen=True)
class Up:
    """A platform that is up.

    Attributes:
        cluster: The cluster it runs on.
        endpoints: The two pages' addresses.
        created: Whether this call created the cluster.
        changes: One line for each thing that was changed, of the cluster's own too; empty where nothing was.
        outdated: Tools that have been pinned anew since the cluster was made, and that it runs in the old build.
        prepare_s: Seconds spent on packages, programs and images.
        node_ready_s: Seconds from then until the node was Ready; 0 if the cluster was there.
        ready_s: Seconds from the end of the preparation until every pod was Ready.
    """

    cluster: Manager
    endpoints: Endpoints
    created: bool
    changes: tuple[str, ...]
    outdated: tuple[str, ...]
    prepare_s: float
    node_ready_s: float
    ready_s: float


def bring_up(settings: ClusterSettings) -> Up:
    """Bring the platform up, or what changed of it up to date.

    Raises:
        UserError: Something of the machine, of the cluster or of the application stood in the way; it says what.
    """
    with turn.take(settings.name, "up"):
        return _bring_up(settings)


def _bring_up(settings: ClusterSettings) -> Up:
    cluster = selection.select(settings)
    embedded = isinstance(cluster, EmbeddedManager)
    running = cluster.is_running()
    if running and isinstance(cluster, EmbeddedManager):
        _require_same_ports(cluster)
    begun = time.monotonic()
    if embedded:
        _install_packages()
    require(cluster.provider, settings, running=running)
    built = _prepare(embedded=embedded)
    if embedded and not running and node_images.missing(built):
        with Plan("images", 1).step("filling the node's image store (once for these images)"):
            node_images.ensure(built)
    prepared = time.monotonic()
    _create(cluster, built, running=running)
    node_ready = time.monotonic()
    if running or not embedded:
        _load_images(cluster, built)
    refreshed = cluster.refresh(built) if running else ()
    deployed = deploy.deploy(cluster, built)
    return Up(
        cluster=cluster,
        endpoints=cluster.endpoints(),
        created=not running,
        changes=(*refreshed, *deployed.changes),
        outdated=tuple(cluster.outdated()) if running else (),
        prepare_s=prepared - begun,
        node_ready_s=0.0 if running else node_ready - prepared,
        ready_s=time.monotonic() - prepared,
    )


def _install_packages() -> None:
    missing = prerequisites.missing(prerequisites.EMBEDDED)
    if missing:
        prerequisites.install(missing, Plan("packages", 1))


def _prepare(*, embedded: bool) -> images.ImageSet:
    # Other providers bring a kubectl of their own, or build one when the first command needs it.
    tools = (*TOOLS, *_DEPLOY_TOOLS) if embedded else _DEPLOY_TOOLS
    image_programs = ("pause", "coredns", "traefik") if embedded else ()
    needed = programs.missing(*tools, *image_programs)
    wanted = None if embedded else images.APPLICATION
    if needed:
        programs.ensure(*needed, plan=Plan("programs", len(needed)))
    stale = images.missing(wanted)
    return images.build(wanted, plan=Plan("images", len(stale)))


def _create(cluster: Manager, built: images.ImageSet, *, running: bool) -> None:
    if not isinstance(cluster, EmbeddedManager):
        cluster.create(plan=Plan(f"{cluster.provider} cluster", 1))
    elif not running:
        cluster.create(images=built, plan=Plan("cluster", cluster.CREATE_STEPS))


def _require_same_ports(cluster: EmbeddedManager) -> None:
    layout, chosen = cluster.layout, cluster.settings
    there, asked = (layout.vote_port, layout.result_port), (chosen.vote_port, chosen.result_port)
    if there != asked:
        raise UserError(
            f"cluster {chosen.name}: runs with ports {there[0]} and {there[1]}, but {asked[0]} and {asked[1]} are "
            f"asked for; `./nox -s down -- --name {chosen.name}` first, or choose another --name"
        )


def _load_images(cluster: Manager, built: images.ImageSet) -> None:
    there = isinstance(cluster, EmbeddedManager) and cluster.has_images(
        image.reference for image in built.images.values()
    )
    if not there:
        with Plan("images", 1).step("loading images"):
            cluster.load_images(built.archive())
