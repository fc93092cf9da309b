"""What `minikube start --output=json` says, and what its exit codes mean; data in, words out.

Events are CloudEvents, one JSON object a line: https://minikube.sigs.k8s.io/docs/contrib/json_output/
Exit codes are a source in tens and a kind in units: pkg/minikube/reason/exitcodes.go of Minikube.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_PREFIX = "io.k8s.sigs.minikube."
_SOURCES = {
    1: "minikube itself",
    2: "this machine's resources",
    3: "the host",
    4: "the Internet connection",
    5: "the driver",
    6: "what the driver drives",
    7: "the local network",
    8: "the guest machine",
    9: "the container runtime",
    10: "the control plane",
    11: "a Kubernetes service",
}
# By code; by source (tens) where a code has none of its own.
_REMEDIES = {
    14: "an argument is wrong: see --minikube-args and --minikube-driver",
    23: "give the machine or Docker more memory: the cluster takes 4 GiB",
    26: "free disk space: the cluster takes about 20 GB",
    29: "give the machine or Docker more processors: the cluster takes 2",
    56: "this driver does not work here: choose another by --minikube-driver",
    57: "the driver refuses this user: run as another, or choose another by --minikube-driver",
    82: "the guest took too long: `./nox -s down`, then try again with less running",
}
_SOURCE_REMEDIES = {
    1: "`minikube logs` has more",
    2: "`./nox -s doctor` says what is short",
    3: "`./nox -s doctor` says what this machine lacks",
    4: "Minikube has to reach its download hosts: check the proxy variables and the firewall",
    5: "check that the driver's own program works for this user, or choose another by --minikube-driver",
    6: "start the service behind the driver (Docker, libvirt), or choose another by --minikube-driver",
    7: "a firewall or VPN may be in the way: check the routes to the guest",
    8: "`./nox -s down`, then `./nox -s up` makes it anew",
    9: "`./nox -s down`, then `./nox -s up` makes it anew",
    10: "`minikube logs` has the control plane's words",
    11: "`./nox -s kubectl -- get pods -A` shows which pod it is",
}


@dataclass(frozen=True)
class Event:
    """One line of Minikube's progress.

    Attributes:
        kind: `step`, `info`, `warning`, `error`, `download`, `download.progress`, …
        message: What it says, on one line.
        name: The step's or the error's name, e.g. `Creating Container`, `DRV_AS_ROOT`.
        step: Which step it is, as Minikube counts, or None.
        steps: How many there are, or None.
        advice: What Minikube advises on an error.
    """

    kind: str
    message: str
    name: str = ""
    step: int | None = None
    steps: int | None = None
    advice: str = ""


def parse(line: str) -> Event | None:
    """Read one line, or return None where it is no event of Minikube's (plain text slips in)."""
    try:
        event = json.loads(line)
    except json.JSONDecodeError:
        return None
    if not isinstance(event, dict) or not str(event.get("type", "")).startswith(_PREFIX):
        return None
    data = event.get("data")
    if not isinstance(data, dict):
        return None
    return Event(
        kind=event["type"].removeprefix(_PREFIX),
        message=_one_line(data.get("message", "")),
        name=_one_line(data.get("name", "")),
        step=_number(data.get("currentstep")),
        steps=_number(data.get("totalsteps")),
        advice=_one_line(data.get("advice", "")),
    )


def progress(event: Event) -> str | None:
    """Return the line that tells a person about an event, or None where it is of no interest."""
    if event.kind == "step":
        count = "" if event.step is None or event.steps is None else f"{event.step}/{event.steps} "
        return f"minikube: {count}{event.name or event.message}"
    # Minikube also sends warnings as `error`; its exit code tells which it was.
    return f"minikube: {event.message}" if event.kind in {"warning", "error"} and event.message else None


def explain(what: str, exit_code: int, events: Sequence[Event], said: str = "") -> str:
    """Return one line for a failed command: what, exit code, whose fault, Minikube's words, and what to do.

    Args:
        what: The command, e.g. `minikube start`.
        exit_code: Its exit code.
        events: Its events; the last error among them is quoted.
        said: Its standard error, quoted where there is no error event.
    """
    errors = [event for event in events if event.kind == "error" and event.message]
    name = errors[-1].name if errors else ""
    words = errors[-1].message if errors else " | ".join(line.strip() for line in said.splitlines() if line.strip())
    source = _SOURCES.get(exit_code // 10, "minikube itself")
    remedy = _REMEDIES.get(exit_code) or _SOURCE_REMEDIES.get(exit_code // 10) or _SOURCE_REMEDIES[1]
    advice = f" (Minikube: {errors[-1].advice})" if errors and errors[-1].advice else ""
    code = f"exit code {exit_code}{f', {name}' if name else ''}"
    return f"{what}: {code}: {source}: {words or 'it said nothing'}; {remedy}{advice}"


def _one_line(text: object) -> str:
    return " ".join(str(text).split())


def _number(text: object) -> int | None:
    return int(text) if isinstance(text, str) and text.isdigit() else None
