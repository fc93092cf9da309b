"""Minikube's events and exit codes as words."""

from __future__ import annotations

import json

import pytest

from harness.cluster.minikube_events import Event, explain, parse, progress

# As `minikube start --output=json` prints it.
STEP = (
    '{"specversion":"1.0","id":"6a2a","source":"https://minikube.sigs.k8s.io/","type":"io.k8s.sigs.minikube.step",'
    '"datacontenttype":"application/json","data":{"currentstep":"0","message":"minikube v1.36.0 on Debian 12\\n",'
    '"name":"Initial Minikube Setup","totalsteps":"19"}}'
)


def test_step() -> None:
    """A step has its number, of how many, and its name."""
    assert parse(STEP) == Event("step", "minikube v1.36.0 on Debian 12", "Initial Minikube Setup", 0, 19)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "* Using the docker driver",
        "[]",
        '{"type": "com.example.other", "data": {}}',
        '{"type": "io.k8s.sigs.minikube.step", "data": null}',
        '{"type": null}',
    ],
)
def test_no_event(line: str) -> None:
    """What is no event of Minikube's is passed over."""
    assert parse(line) is None


def test_step_without_numbers() -> None:
    """A step whose numbers are missing or odd is still a step."""
    line = json.dumps({"type": "io.k8s.sigs.minikube.step", "data": {"currentstep": "x", "message": "m"}})
    assert parse(line) == Event("step", "m")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (
            Event("step", "Creating docker container …", "Creating Container", 8, 19),
            "minikube: 8/19 Creating Container",
        ),
        (Event("step", "Done"), "minikube: Done"),
        (Event("warning", "low disk"), "minikube: low disk"),
        (Event("error", "kubectl is old"), "minikube: kubectl is old"),
        (Event("info", "tip"), None),
        (Event("download.progress", "42%"), None),
    ],
)
def test_progress(event: Event, line: str | None) -> None:
    """Steps, warnings and errors are told; chatter is not."""
    assert progress(event) == line


@pytest.mark.parametrize(
    ("code", "whose", "remedy"),
    [
        (10, "minikube itself", "`minikube logs` has more"),
        (14, "minikube itself", "an argument is wrong"),
        (20, "this machine's resources", "`./nox -s doctor` says what is short"),
        (23, "this machine's resources", "more memory"),
        (26, "this machine's resources", "free disk space"),
        (29, "this machine's resources", "more processors"),
        (30, "the host", "`./nox -s doctor` says what this machine lacks"),
        (40, "the Internet connection", "check the proxy variables and the firewall"),
        (50, "the driver", "check that the driver's own program works"),
        (56, "the driver", "this driver does not work here"),
        (57, "the driver", "the driver refuses this user"),
        (69, "what the driver drives", "start the service behind the driver"),
        (70, "the local network", "a firewall or VPN may be in the way"),
        (80, "the guest machine", "makes it anew"),
        (82, "the guest machine", "the guest took too long"),
        (90, "the container runtime", "makes it anew"),
        (109, "the control plane", "`minikube logs`"),
        (119, "a Kubernetes service", "get pods -A"),
        (1, "minikube itself", "`minikube logs`"),
        (-9, "minikube itself", "`minikube logs`"),
    ],
)
def test_exit_codes(code: int, whose: str, remedy: str) -> None:
    """Each exit code is one line that says whose fault it is and what to do."""
    line = explain("minikube start", code, ())
    assert line.startswith(f"minikube start: exit code {code}: {whose}: it said nothing; ")
    assert remedy in line
    assert "\n" not in line


def test_quotes_the_last_error() -> None:
    """Of several error events the last one is the reason; Minikube's advice is quoted."""
    events = [Event("error", "first", "A"), Event("error", "second", "B", advice="do this"), Event("step", "x")]
    assert explain("minikube start", 80, events, "ignored") == (
        "minikube start: exit code 80, B: the guest machine: second; `./nox -s down`, then `./nox -s up` makes it anew "
        "(Minikube: do this)"
    )
