"""Facts about every container of every overlay."""

from __future__ import annotations

import re
from typing import Any

import pytest

SHELLS = {"sh", "bash", "/bin/sh", "/bin/bash", "ash", "dash"}


def test_hardening(where: str, container: dict[str, Any], kind: str) -> None:  # noqa: ARG001  # parametrised together
    """No escalation, a read-only root, no capability."""
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }, where


@pytest.mark.parametrize("field", ["requests", "limits"])
def test_resources(where: str, container: dict[str, Any], kind: str, field: str) -> None:  # noqa: ARG001  # as above
    """Every container, init containers too, says what it needs and what it may take."""
    assert set(container["resources"][field]) >= {"cpu", "memory"}, f"{where}: {field}"


def test_probes(where: str, container: dict[str, Any], kind: str) -> None:
    """Liveness and readiness of everything that serves; a job or an init container just ends."""
    if kind == "initContainers" or " Job " in where:
        return
    for probe in ("livenessProbe", "readinessProbe"):
        assert probe in container, f"{where}: {probe}"


def test_liveness_depends_on_nothing(where: str, container: dict[str, Any], kind: str) -> None:  # noqa: ARG001  # as above
    """A page is not restarted because its back end is away; /readyz is for readiness alone."""
    liveness, readiness = (container.get(name, {}).get("httpGet") for name in ("livenessProbe", "readinessProbe"))
    if liveness and "traefik" not in where:
        assert (liveness["path"], liveness["port"]) == ("/livez", "admin"), where
        assert (readiness["path"], readiness["port"]) == ("/readyz", "admin"), where


def test_no_shell_is_asked_for(where: str, container: dict[str, Any], kind: str) -> None:  # noqa: ARG001  # as above
    """Commands and exec probes are programs: most images have no shell."""
    commands = [container.get("command", [])]
    commands += [
        container.get(name, {}).get("exec", {}).get("command", [])
        for name in ("livenessProbe", "readinessProbe", "startupProbe")
    ]
    for command in commands:
        assert not SHELLS.intersection(command[:1]), f"{where}: {command}"


def test_no_password_in_a_command(where: str, container: dict[str, Any], kind: str) -> None:  # noqa: ARG001  # as above
    """What is on a command line is in every listing of processes."""
    words = str(
        [container.get(name) for name in ("command", "args", "livenessProbe", "readinessProbe", "startupProbe")]
    )
    assert not re.search(r"--pass\b|'-a'|PASSWORD", words), where


def test_image_is_named_by_its_content(where: str, container: dict[str, Any], kind: str) -> None:  # noqa: ARG001  # as above
    """Production has digests; elsewhere the tag is replaced by the content hash of what was built, and never pulled."""
    if where.startswith("production"):
        assert re.fullmatch(r"\S+@sha256:[0-9a-f]{64}", container["image"]), where
    else:
        assert container["image"].startswith("ballotbox/"), where
        assert container["image"].endswith(":unbuilt"), where
        assert container["imagePullPolicy"] == ("IfNotPresent" if where.startswith("seed") else "Never"), where


def test_secrets_come_by_reference(where: str, container: dict[str, Any], kind: str) -> None:  # noqa: ARG001  # as above
    """No variable holds a secret's value."""
    for variable in container.get("env", ()):
        if re.search(r"PASSWORD$|KEY$|AUTH$|TOKEN$", variable["name"]):
            assert "value" not in variable, f"{where}: {variable['name']}"
