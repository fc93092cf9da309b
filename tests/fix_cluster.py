"""The platform on a cluster: brought up once a run, taken down if the run brought it up, its evidence kept."""

from __future__ import annotations

import dataclasses
import os
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from harness import evidence, paths, settings
from harness.cluster.embedded.lifecycle import free_port
from harness.errors import UserError
from harness.platform.up import bring_up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.cluster.manager import Manager
    from harness.platform.up import Up

# Not the demonstration's: tests vote, kill pods and break policies.
NAME = "ballotbox-tests"
_REQUESTS_KEPT = 50
_platform = pytest.StashKey["Up"]()
# The last requests of the running test; fix_visitors fills it.
requests: deque[str] = deque(maxlen=_REQUESTS_KEPT)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what chooses the cluster."""
    group = parser.getgroup("ballotbox")
    group.addoption("--cluster", metavar="PROVIDER", help="embedded, minikube or external [BALLOTBOX_CLUSTER]")
    group.addoption("--cluster-name", default=NAME, metavar="NAME", help=f"the cluster's name (default {NAME})")
    group.addoption("--keep-cluster", action="store_true", help="leave the cluster up when the run ends")


@pytest.fixture(scope="session")
def platform(request: pytest.FixtureRequest) -> Iterator[Up]:
    """The platform, up to date with the work tree."""
    config = request.config
    chosen = settings.read({"cluster": config.option.cluster, "name": config.option.cluster_name}, os.environ)
    if not settings.record(chosen.name).is_file():
        # A demonstration on the usual ports is not in the way.
        chosen = dataclasses.replace(chosen, vote_port=free_port(), result_port=free_port())
    up = bring_up(chosen)
    config.stash[_platform] = up
    yield up
    if up.created and not config.option.keep_cluster:
        up.cluster.delete()


@pytest.fixture(scope="session")
def cluster(platform: Up) -> Manager:
    """The cluster the platform runs on."""
    return platform.cluster


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Keep the evidence of a failed cluster test before anything is torn down."""
    report = yield
    if call.when == "setup":
        requests.clear()
    up = item.config.stash.get(_platform, None)
    if report.failed and call.when != "teardown" and up is not None and "platform" in getattr(item, "fixturenames", ()):
        folder = paths.REPORTS / "evidence" / evidence.folder_name(item.nodeid)
        again = f"./nox -s tests -- '{item.nodeid}' --keep-cluster"
        try:
            evidence.collect(up.cluster, folder, again=again, requests=list(requests))
        except (UserError, OSError) as error:
            report.sections.append(("evidence", f"not collected: {error}"))
        else:
            report.sections.append(("evidence", f"{folder}\nrun again: {again}"))
    return report


def pytest_report_header(config: pytest.Config) -> str:
    """Say which cluster tests would use."""
    provider = config.option.cluster or os.environ.get("BALLOTBOX_CLUSTER") or "chosen by what this machine can do"
    return f"ballotbox: cluster {config.option.cluster_name}, provider {provider}"
