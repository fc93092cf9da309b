"""Facts about an overlay as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from harness import credentials
from harness.deploy.kustomization import secret_names

if TYPE_CHECKING:
    import pytest

MANY = 35


def of(objects: tuple[dict[str, Any], ...], kind: str) -> dict[str, dict[str, Any]]:
    """Return the objects of a kind in the namespace, or without one, by name."""
    return {
        each["metadata"]["name"]: each
        for each in objects
        if each["kind"] == kind and each["metadata"].get("namespace", "ballotbox") == "ballotbox"
    }


def test_components(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """Five components, the pages at least twice."""
    deployments, sets = of(objects, "Deployment"), of(objects, "StatefulSet")
    replicas = {name: each["spec"]["replicas"] for name, each in {**deployments, **sets}.items()}
    pages, workers = (3, 2) if overlay == "production" else (2, 1)
    assert replicas == {"vote": pages, "result": pages, "worker": workers, "redis": 1, "postgres": 1}, overlay


def test_services(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """The Services have the names that clients know, reach pods of their component, and never the admin port."""
    services = of(objects, "Service")
    assert {name: [port["port"] for port in each["spec"]["ports"]] for name, each in services.items()} == {
        "vote": [80],
        "result": [80],
        "redis": [6379],
        "db": [5432],
    }, overlay
    workloads = {**of(objects, "Deployment"), **of(objects, "StatefulSet")}
    for name, service in services.items():
        selector = service["spec"]["selector"]
        (target,) = [each for each in workloads.values() if each["spec"]["selector"]["matchLabels"] == selector]
        ports = {port["name"] for port in target["spec"]["template"]["spec"]["containers"][0]["ports"]}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports - {"admin"}, (
            f"{overlay}: Service {name}"
        )


def test_namespace_is_restricted(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """Pod Security "restricted" is enforced, audited and warned of at one version."""
    labels = of(objects, "Namespace")["ballotbox"]["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted", f"{overlay}: {mode}"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"] == "v1.37", f"{overlay}: {mode}"


def test_disruption_budgets(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """What has two replicas or more keeps one while nodes are drained; what has one would block the drain."""
    several = {name for name, each in of(objects, "Deployment").items() if each["spec"]["replicas"] > 1}
    budgets = of(objects, "PodDisruptionBudget")
    assert set(budgets) == several, overlay
    for name, budget in budgets.items():
        assert budget["spec"]["minAvailable"] == 1, f"{overlay}: {name}"


def test_accounts_mount_no_token(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """Each component's account refuses a token by itself, whatever a pod asks for."""
    accounts = of(objects, "ServiceAccount")
    assert set(accounts) == {"vote", "result", "worker", "redis", "postgres"}, overlay
    for name, account in accounts.items():
        assert account["automountServiceAccountToken"] is False, f"{overlay}: ServiceAccount {name}"


def test_claims(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """Both databases keep their data on a claim."""
    for name, each in of(objects, "StatefulSet").items():
        (claim,) = each["spec"]["volumeClaimTemplates"]
        assert claim["spec"]["accessModes"] == ["ReadWriteOnce"], f"{overlay}: {name}"


def test_rolling_fits_into_the_quota(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """All Deployments may surge at once and the quota still has room."""
    quota = of(objects, "ResourceQuota")["ballotbox"]["spec"]["hard"]
    pods = sum(each["spec"]["replicas"] + 1 for each in of(objects, "Deployment").values()) + len(
        of(objects, "StatefulSet")
    )
    assert pods <= int(quota["pods"]), overlay
    assert (quota["services.nodeports"], quota["services.loadbalancers"]) == ("0", "0"), overlay


def test_settings_reach_the_pods(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """Every ConfigMap that a pod asks for is rendered, under the name with the hash of its content."""
    configs = of(objects, "ConfigMap")
    for name, each in {**of(objects, "Deployment"), **of(objects, "StatefulSet")}.items():
        for asked in config_names(each["spec"]["template"]["spec"]):
            assert asked in configs, f"{overlay}: {name} asks for ConfigMap {asked}"
            assert asked not in {"ballotbox", "redis-config"}, f"{overlay}: {name}: no hash in {asked}"


def config_names(node: Any) -> set[str]:
    """Return the ConfigMaps that a pod mentions."""
    if isinstance(node, list):
        return {name for item in node for name in config_names(item)}
    if isinstance(node, dict):
        own = {value["name"] for key, value in node.items() if key in {"configMapRef", "configMap", "configMapKeyRef"}}
        return own | {name for key, value in node.items() if key != "configMap" for name in config_names(value)}
    return set()


def test_secrets_that_are_asked_for_are_made(
    overlay: str, objects: tuple[dict[str, Any], ...], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every Secret and key that a pod names is one that harness/credentials.py makes."""
    made = credentials.secret_data(
        credentials.ensure(tmp_path_factory.mktemp("state")), credentials.ACL_TEMPLATE.read_text()
    )
    asked = {
        name
        for each in (*of(objects, "Deployment").values(), *of(objects, "StatefulSet").values())
        for name in secret_names(each["spec"]["template"]["spec"])
    }
    assert asked == set(made), overlay


def test_is_a_platform(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """With its Secrets the platform is 35 objects and more."""
    secrets = 6
    assert len(objects) + secrets >= MANY, overlay


def test_local_images_are_never_pulled(overlay: str, objects: tuple[dict[str, Any], ...]) -> None:
    """Production pulls; where images are loaded beforehand a missing one is an error."""
    policies = {
        container["imagePullPolicy"]
        for each in (*of(objects, "Deployment").values(), *of(objects, "StatefulSet").values())
        for kind in ("initContainers", "containers")
        for container in each["spec"]["template"]["spec"].get(kind, ())
    }
    assert policies == {"IfNotPresent" if overlay == "production" else "Never"}, overlay


def test_production_is_reached_by_https(objects_of_production: tuple[dict[str, Any], ...]) -> None:
    """The pages have a certificate and the voter's cookie goes over nothing else."""
    ingress = of(objects_of_production, "Ingress")["ballotbox"]["spec"]
    assert {host for tls in ingress["tls"] for host in tls["hosts"]} == {rule["host"] for rule in ingress["rules"]}
    vote = of(objects_of_production, "Deployment")["vote"]["spec"]["template"]["spec"]["containers"][0]
    assert {"name": "COOKIE_SECURE", "value": "true"} in vote["env"]
