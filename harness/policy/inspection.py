"""Reads from /proc what the kernel really enforces on a running container's first process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.errors import UserError
from harness.network.api import STRATEGIC_MERGE
from harness.waiting import Seen, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from harness.cluster.manager import Manager
    from harness.network.api import Api

SECCOMP_FILTER = 2
_TOKEN = "/kubernetes.io/serviceaccount"  # noqa: S105  # where a token would be mounted, and no token
_START_TIMEOUT_S = 60.0
# Runs in an ephemeral container that shares the target's processes: images have no shell to run anything in.
_SCRIPT = """
import json
print(json.dumps({name: open(f"/proc/1/{name}").read() for name in ("status", "mountinfo")}))
"""


@dataclass(frozen=True)
class Process:
    """What the kernel says of a process.

    Attributes:
        uids: Real, effective, saved and file-system user ids.
        gids: The same of groups.
        capabilities: Every capability set that is not empty, by name.
        no_new_privileges: Whether set-user-ID programs give it nothing.
        seccomp: 0 without, 1 strict, 2 with a filter.
        read_only_root: Whether its root file system is mounted read-only.
        token: Whether a service account token is mounted.
    """

    uids: tuple[int, ...]
    gids: tuple[int, ...]
    capabilities: Mapping[str, int]
    no_new_privileges: bool
    seccomp: int
    read_only_root: bool
    token: bool


def read(status: str, mountinfo: str) -> Process:
    """Read /proc/PID/status and /proc/PID/mountinfo: https://man7.org/linux/man-pages/man5/proc.5.html.

    Raises:
        UserError: A line that the kernel always writes is not there.
    """
    lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    mounts = [line.split(" ") for line in mountinfo.splitlines()]
    try:
        root = next(fields for fields in mounts if fields[4] == "/")
        return Process(
            uids=tuple(map(int, lines["Uid"].split())),
            gids=tuple(map(int, lines["Gid"].split())),
            capabilities={
                name: value
                for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
                if (value := int(lines[name].strip(), 16))
            },
            no_new_privileges=lines["NoNewPrivs"].strip() == "1",
            seccomp=int(lines["Seccomp"]),
            read_only_root="ro" in root[5].split(","),
            token=any(_TOKEN in fields[4] for fields in mounts),
        )
    except (KeyError, StopIteration, IndexError, ValueError) as error:
        raise UserError(f"/proc/1/status: expected what the kernel writes, found no {error}") from None


def inspect(api: Api, cluster: Manager, pod: Mapping[str, Any], container: str, image: str) -> Process:
    """Look at a container's first process from an ephemeral container beside it, which stays in the pod's record.

    Args:
        api: The connection.
        cluster: The same cluster, for the log.
        pod: The pod.
        container: The name of one of its running containers.
        image: The probe's image: it has a Python, runs as the pod's user, and is accepted under `restricted`.
    """
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    path = f"/api/v1/namespaces/{namespace}/pods/{name}"
    there = api.call("GET", path)["spec"].get("ephemeralContainers") or []
    inspector = f"inspector-{len(there)}"
    body = {
        "name": inspector,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "targetContainerName": container,
        "command": ["/usr/bin/python3", "-c", _SCRIPT],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    patch = {"spec": {"ephemeralContainers": [body]}}
    api.call("PATCH", f"{path}/ephemeralcontainers", patch, content_type=STRATEGIC_MERGE)

    def ended() -> Seen:
        statuses = api.call("GET", path)["status"].get("ephemeralContainerStatuses") or []
        state: dict[str, Any] = next((each["state"] for each in statuses if each["name"] == inspector), {})
        return Seen("terminated" in state, json.dumps(state))

    wait_for(f"the inspector of {namespace}/{name} [{container}]", ended, timeout_s=_START_TIMEOUT_S)
    said = cluster.logs(name, inspector, namespace)
    try:
        files = json.loads(said)
    except json.JSONDecodeError:
        raise UserError(f"the inspector of {namespace}/{name} [{container}]: expected JSON, found {said!r}") from None
    return read(files["status"], files["mountinfo"])
