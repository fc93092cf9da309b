"""Facts about every pod template of every overlay."""

from __future__ import annotations

from typing import Any

DATABASES = {"redis", "postgres"}


def spec(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the pod's specification."""
    found: dict[str, Any] = workload["spec"]["template"]["spec"]
    return found


def name(overlay: str, workload: dict[str, Any]) -> str:
    """Name a workload in an assertion's message."""
    return f"{overlay}: {workload['kind']} {workload['metadata']['name']}"


def test_selector_is_the_name(overlay: str, workload: dict[str, Any]) -> None:
    """Pods are found by the one label that Services and NetworkPolicies use, and say what part they play."""
    labels = workload["spec"]["template"]["metadata"]["labels"]
    component = workload["metadata"]["name"]
    assert labels["app.kubernetes.io/name"] == component, name(overlay, workload)
    assert "app.kubernetes.io/component" in labels, name(overlay, workload)
    if workload["kind"] != "Job":
        assert workload["spec"]["selector"] == {"matchLabels": {"app.kubernetes.io/name": component}}, name(
            overlay, workload
        )


def test_runs_as_its_own_user(overlay: str, workload: dict[str, Any]) -> None:
    """Applications run as 1000, databases as 999 with their volume's group; nobody as root."""
    uid = 999 if workload["metadata"]["name"] in DATABASES else 1000
    context = spec(workload)["securityContext"]
    assert context["runAsNonRoot"] is True, name(overlay, workload)
    assert (context["runAsUser"], context["runAsGroup"]) == (uid, uid), name(overlay, workload)
    assert context.get("fsGroup") == (999 if uid == 999 else None), name(overlay, workload)


def test_seccomp(overlay: str, workload: dict[str, Any]) -> None:
    """The runtime's default filter applies to the whole pod."""
    assert spec(workload)["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name(overlay, workload)


def test_has_an_account_of_its_own(overlay: str, workload: dict[str, Any]) -> None:
    """Each component has its own ServiceAccount."""
    assert spec(workload)["serviceAccountName"] == workload["metadata"]["name"], name(overlay, workload)


def test_gets_no_token(overlay: str, workload: dict[str, Any]) -> None:
    """Only the Ingress controller talks to the API server."""
    wanted = workload["metadata"]["name"] == "traefik"
    assert spec(workload)["automountServiceAccountToken"] is wanted, name(overlay, workload)


def test_learns_of_no_other_service(overlay: str, workload: dict[str, Any]) -> None:
    """The environment does not list the namespace's Services."""
    assert spec(workload)["enableServiceLinks"] is False, name(overlay, workload)


def test_mounts_nothing_of_the_node(overlay: str, workload: dict[str, Any]) -> None:
    """Volumes are memory, configuration and secrets; what is written to a disk is written to a claim."""
    for volume in spec(workload).get("volumes", ()):
        kind = next(key for key in volume if key != "name")
        assert kind in {"emptyDir", "configMap", "secret", "projected"}, (
            f"{name(overlay, workload)}, volume {volume['name']}"
        )
        if kind == "emptyDir":
            assert volume[kind]["medium"] == "Memory", f"{name(overlay, workload)}, volume {volume['name']}"
            assert "sizeLimit" in volume[kind], f"{name(overlay, workload)}, volume {volume['name']}"


def test_secrets_are_not_for_everybody(overlay: str, workload: dict[str, Any]) -> None:
    """A mounted secret is read by its user and group alone."""
    for volume in spec(workload).get("volumes", ()):
        source = volume.get("secret") or volume.get("projected")
        if source:
            assert source["defaultMode"] == 0o440, f"{name(overlay, workload)}, volume {volume['name']}"


def test_replicas_are_spread(overlay: str, workload: dict[str, Any]) -> None:
    """Two of a kind do not want to be on one node."""
    if workload["spec"].get("replicas", 1) > 1:
        constraint = spec(workload)["topologySpreadConstraints"][0]
        assert constraint["topologyKey"] == "kubernetes.io/hostname", name(overlay, workload)
        assert constraint["labelSelector"] == workload["spec"]["selector"], name(overlay, workload)
        strict = "DoNotSchedule" if overlay == "production" else "ScheduleAnyway"
        assert constraint["whenUnsatisfiable"] == strict, name(overlay, workload)


def test_has_time_to_end(overlay: str, workload: dict[str, Any]) -> None:
    """The preStop hook and draining fit into the grace period."""
    if workload["kind"] != "Job":
        assert spec(workload)["terminationGracePeriodSeconds"] >= 15, name(overlay, workload)
    if workload["metadata"]["name"] in {"vote", "result"}:
        (container,) = spec(workload)["containers"]
        assert container["lifecycle"]["preStop"] == {"httpGet": {"path": "/drain", "port": "admin"}}, name(
            overlay, workload
        )
        # LINGER_S and DRAIN_S as the services have them where nothing else is said.
        assert spec(workload)["terminationGracePeriodSeconds"] >= 8 + 15 + 5, name(overlay, workload)
