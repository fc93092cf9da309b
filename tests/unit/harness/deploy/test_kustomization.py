"""The kustomization of one cluster."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import yaml

from harness import manifests
from harness.deploy import kustomization

if TYPE_CHECKING:
    from pathlib import Path

IMAGES = {"vote": "localhost/ballotbox/vote:0123456789abcdef", "worker": "localhost/ballotbox/worker:fedcba9876543210"}
POD = {
    "containers": [
        {"envFrom": [{"configMapRef": {"name": "ballotbox"}}, {"secretRef": {"name": "from-env"}}]},
        {"env": [{"valueFrom": {"secretKeyRef": {"name": "from-key", "key": "k"}}}]},
    ],
    "initContainers": [{"envFrom": [{"secretRef": {"name": "from-init"}}]}],
    "volumes": [
        {"secret": {"secretName": "from-volume"}},
        {"projected": {"sources": [{"configMap": {"name": "c"}}, {"secret": {"name": "from-projection"}}]}},
    ],
}


def secret(name: str, value: str) -> dict[str, Any]:
    """Make a Secret."""
    return {"kind": "Secret", "metadata": {"name": name}, "data": {"key": value}}


def workload(name: str) -> dict[str, Any]:
    """Make a Deployment whose pods use a Secret of each kind of mention."""
    return {"kind": "Deployment", "metadata": {"name": name}, "spec": {"template": {"spec": copy.deepcopy(POD)}}}


def checksum(each: dict[str, Any]) -> str | None:
    """Read the annotation of a pod template."""
    annotations = each["spec"]["template"].get("metadata", {}).get("annotations", {})
    value: str | None = annotations.get(kustomization.CHECKSUM)
    return value


def test_renders_with_this_clusters_images_and_settings(tmp_path: Path) -> None:
    """The overlay's images have the tags that were built, and the pages this cluster's addresses."""
    kustomization.write(
        tmp_path / "deploy", manifests.OVERLAYS / "embedded", IMAGES, {"RESULT_URL": "http://localhost:9081"}
    )
    objects = manifests.parse(manifests.render(tmp_path / "deploy"))
    deployments = {each["metadata"]["name"]: each for each in objects if each["kind"] == "Deployment"}
    assert deployments["vote"]["spec"]["template"]["spec"]["containers"][0]["image"] == IMAGES["vote"]
    assert deployments["worker"]["spec"]["template"]["spec"]["initContainers"][0]["image"] == IMAGES["worker"]
    settings = next(each for each in objects if each["kind"] == "ConfigMap" and "CHOICE_A" in each.get("data", {}))
    assert settings["data"]["RESULT_URL"] == "http://localhost:9081"
    source = deployments["vote"]["spec"]["template"]["spec"]["containers"][0]["envFrom"][0]["configMapRef"]["name"]
    assert source == settings["metadata"]["name"] != "ballotbox"


def test_resource_is_relative(tmp_path: Path) -> None:
    """Kustomize takes no absolute path; a link on the way is followed before the way is measured."""
    (tmp_path / "deeper/real").mkdir(parents=True)
    (tmp_path / "link").symlink_to("deeper/real")
    kustomization.write(tmp_path / "link" / "deploy", manifests.OVERLAYS / "minikube", {}, {})
    written = yaml.safe_load((tmp_path / "deeper/real/deploy/kustomization.yaml").read_text())
    assert not written["resources"][0].startswith("/")
    assert (tmp_path / "deeper/real/deploy" / written["resources"][0]).resolve() == manifests.OVERLAYS / "minikube"
    assert "configMapGenerator" not in written


def test_secret_names() -> None:
    """Every way a pod can mention a Secret is found, in init containers too; ConfigMaps are none."""
    assert sorted(kustomization.secret_names(POD)) == [
        "from-env",
        "from-init",
        "from-key",
        "from-projection",
        "from-volume",
    ]


def test_stamp_follows_the_secrets_that_are_used() -> None:
    """A pod template's checksum changes when a Secret it uses does, and not when another does."""
    seen = []
    for used, unused in (("a", "x"), ("a", "y"), ("b", "y")):
        each = workload("vote")
        kustomization.stamp([each], [secret("from-projection", used), secret("elsewhere", unused)])
        seen.append(checksum(each))
    assert seen[0] is not None
    assert seen[0] == seen[1] != seen[2]


def test_stamp_leaves_others_alone() -> None:
    """What uses none of the Secrets gets no annotation."""
    each = workload("vote")
    kustomization.stamp([each, {"kind": "Service", "metadata": {"name": "s"}}], [secret("elsewhere", "x")])
    assert checksum(each) is None
