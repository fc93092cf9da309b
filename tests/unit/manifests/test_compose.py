"""Facts about compose.yaml."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from harness import credentials, paths
from harness.compose.files import variable

TEXT = (paths.ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
DATABASES = {"redis", "db"}
each_service = pytest.mark.parametrize("name", SERVICES)


def test_services() -> None:
    """The five services, the migrations before them, and the seed when it is asked for."""
    assert set(SERVICES) == {"vote", "result", "worker", "redis", "db", "migrate", "seed"}
    assert SERVICES["seed"]["profiles"] == ["seed"]


@each_service
def test_hardening(name: str) -> None:
    """A read-only root, no capability, no new privileges, bounded memory and processes."""
    service = SERVICES[name]
    assert service["read_only"] is True, name
    assert service["cap_drop"] == ["ALL"], name
    assert service["security_opt"] == ["no-new-privileges:true"], name
    assert service["mem_limit"], name
    assert service["pids_limit"], name
    assert not {"privileged", "cap_add", "network_mode", "pid", "devices"} & set(service), name


@each_service
def test_user(name: str) -> None:
    """Applications run as 1000, databases as 999."""
    assert SERVICES[name]["user"] == ("999:999" if name in DATABASES else "1000:1000"), name


@each_service
def test_builds_from_the_clusters_containerfiles(name: str) -> None:
    """The Containerfile is there, and the image has a tag."""
    service = SERVICES[name]
    assert (paths.ROOT / service["build"]["dockerfile"]).is_file(), name
    assert not service["image"].endswith(":latest"), name
    assert ":" in service["image"], name


def test_two_tiers() -> None:
    """The databases are in `back` alone, which leads nowhere; only the two pages are in both."""
    assert COMPOSE["networks"]["back"] == {"internal": True}
    tiers = {name: set(service["networks"]) for name, service in SERVICES.items()}
    assert {name for name, networks in tiers.items() if networks == {"front", "back"}} == {"vote", "result"}
    assert {name for name, networks in tiers.items() if networks == {"back"}} == {"redis", "db", "worker", "migrate"}


def test_ports() -> None:
    """Only the two pages are published, on this machine alone."""
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {"vote": ["127.0.0.1:8080:8080"], "result": ["127.0.0.1:8081:8080"]}


def test_start_order() -> None:
    """Each starts when what it needs is healthy, or done."""
    order = {
        name: {on: how["condition"] for on, how in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }
    assert order == {
        "vote": {"redis": "service_healthy"},
        "result": {"migrate": "service_completed_successfully"},
        "worker": {"redis": "service_healthy", "migrate": "service_completed_successfully"},
        "migrate": {"db": "service_healthy"},
        "redis": {},
        "db": {},
        "seed": {"vote": "service_healthy"},
    }


@each_service
def test_health(name: str) -> None:
    """Whatever stays has a health check that needs no shell; what ends has none."""
    if name in {"migrate", "seed"}:
        assert "healthcheck" not in SERVICES[name], name
    else:
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD", name


def test_volumes() -> None:
    """Both databases keep their data in a named volume; everything else that is mounted is read-only."""
    assert set(COMPOSE["volumes"]) == {"redis-data", "db-data"}
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or volume.endswith(":ro"), f"{name}: {volume}"


def test_no_literal_secret() -> None:
    """A secret is asked for and has no default: without it Compose says what to run."""
    for name, service in SERVICES.items():
        for key, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD$|KEY$|AUTH$", key):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?run `python -m harness compose-secrets` first\}", value), (
                    f"{name}: {key}"
                )


def test_asks_for_what_is_made() -> None:
    """Every variable that has no default is one that `compose-secrets` writes."""
    asked = set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))
    assert asked == {variable(role) for role in credentials.ROLES}
