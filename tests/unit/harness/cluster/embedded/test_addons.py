"""What is applied to a fresh cluster."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness import programs
from harness.cluster.embedded import addons, pki
from harness.cluster.embedded.api import NotServedError
from harness.cluster.embedded.layout import DNS_SERVICE_IP, POD_CIDR, Layout
from harness.errors import UserError
from harness.images import Image, ImageSet
from harness.waiting import WaitError

FOLDER = Path(addons.__file__).parent
FILES = sorted(FOLDER.glob("*.yaml"))
OURS = [each for file in FILES for each in yaml.safe_load_all(file.read_text())]
ROLES = [each for each in OURS if each["kind"] in {"Role", "ClusterRole"}]
BINDINGS = [each for each in OURS if each["kind"].endswith("RoleBinding") or each["kind"] == "ClusterRoleBinding"]
# Who may write what; whatever else a rule allows has to be reading.
WRITES = {
    ("calico-cni", "pods/status"): {"patch"},
    ("local-path-provisioner", "persistentvolumes"): {"create", "patch", "update", "delete"},
    ("local-path-provisioner", "events"): {"create", "patch"},
    ("local-path-provisioner", "pods"): {"create", "delete"},
    ("local-path-provisioner", "endpoints"): {"create", "update", "patch"},
    ("local-path-provisioner", "leases"): {"create", "update", "patch"},
}


def name(each: dict[str, Any]) -> str:
    """Return what a test of an object is called."""
    return f"{each['kind']}-{each['metadata']['name']}"


class Recorder:
    """An API server that knows a kind only after it was asked for it so many times."""

    def __init__(self, late: dict[str, int] | None = None) -> None:
        self.applied: list[dict[str, Any]] = []
        self._late = late or {}

    def apply(self, wanted: dict[str, Any]) -> None:
        """Apply an object, or refuse."""
        if self._late.get(wanted["kind"], 0) > 0:
            self._late[wanted["kind"]] -= 1
            raise NotServedError(f"{wanted['kind']}: not served")
        if wanted["kind"] == "Refused":
            raise UserError("Refused x: the API server refused it: because")
        self.applied.append(wanted)


def objects(*kinds: str) -> Any:
    """Give an object of each kind."""
    return iter([{"kind": kind, "metadata": {"name": "x"}} for kind in kinds])


@pytest.mark.parametrize("each", OURS, ids=name)
def test_object_is_whole(each: dict[str, Any]) -> None:
    """Every document has what makes it an object."""
    assert {"apiVersion", "kind", "metadata"} <= set(each)
    assert each["metadata"]["name"]


@pytest.mark.parametrize("role", ROLES, ids=name)
class TestRoles:
    """Every role is as small as it can be."""

    def test_nothing_is_a_wildcard(self, role: dict[str, Any]) -> None:
        """No rule allows whatever comes."""
        for rule in role["rules"]:
            assert "*" not in {*rule["apiGroups"], *rule["resources"], *rule["verbs"]}
            assert "nonResourceURLs" not in rule

    def test_no_secrets(self, role: dict[str, Any]) -> None:
        """No component reads Secrets or makes tokens, and none grants itself more."""
        touched = {resource for rule in role["rules"] for resource in rule["resources"]}
        assert touched.isdisjoint({"secrets", "serviceaccounts/token", "pods/exec", "pods/attach", "nodes/proxy"})
        assert not {group for rule in role["rules"] for group in rule["apiGroups"]} & {"rbac.authorization.k8s.io"}
        verbs = {verb for rule in role["rules"] for verb in rule["verbs"]}
        assert verbs.isdisjoint({"escalate", "bind", "impersonate"})

    def test_writes_are_declared(self, role: dict[str, Any]) -> None:
        """What a rule allows beyond reading is in the table above, and nothing more."""
        for rule in role["rules"]:
            for resource in rule["resources"]:
                allowed = WRITES.get((role["metadata"]["name"], resource), set())
                assert set(rule["verbs"]) - {"get", "list", "watch"} <= allowed, resource


def test_the_table_of_writes_has_no_more_than_the_roles() -> None:
    """Each entry of the table is one that a role needs."""
    used = {
        (role["metadata"]["name"], resource)
        for role in ROLES
        for rule in role["rules"]
        for resource in rule["resources"]
    }
    assert set(WRITES) <= used


@pytest.mark.parametrize("binding", BINDINGS, ids=name)
def test_binding_is_of_one_we_know(binding: dict[str, Any]) -> None:
    """A role is bound to a certificate's subject, or to a service account, that is there."""
    certificates = pki.subjects("demo-node")
    users = {subject.common_name for subject in certificates}
    groups = {group for subject in certificates for group in subject.groups}
    accounts = {each["metadata"]["name"] for each in OURS if each["kind"] == "ServiceAccount"}
    known = {"User": users, "Group": groups, "ServiceAccount": accounts}
    for subject in binding["subjects"]:
        assert subject["name"] in known[subject["kind"]]
    roles = {role["metadata"]["name"] for role in ROLES}
    assert binding["roleRef"]["name"] in roles | {"cluster-admin", "system:kubelet-api-admin"}


def test_only_people_are_administrators() -> None:
    """Cluster-admin is bound to the group of the kubeconfig for people alone."""
    bound = [each["subjects"] for each in BINDINGS if each["roleRef"]["name"] == "cluster-admin"]
    assert [[subject["name"] for subject in subjects] for subjects in bound] == [["ballotbox:cluster-admins"]]


def test_dns() -> None:
    """The resolver has the image it is given and the address that kubelet tells pods, and no capability."""
    made = {each["kind"]: each for each in addons._dns("docker.io/ballotbox/coredns:1")}
    pod = made["Deployment"]["spec"]["template"]["spec"]
    assert [container["image"] for container in pod["containers"]] == ["docker.io/ballotbox/coredns:1"]
    assert made["Service"]["spec"]["clusterIP"] == DNS_SERVICE_IP
    assert pod["containers"][0]["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert "forward" not in made["ConfigMap"]["data"]["Corefile"]


def test_pool_is_the_pods() -> None:
    """Calico's pool is the block that the controller manager hands to nodes."""
    assert [each["spec"]["cidr"] for each in OURS if each["kind"] == "IPPool"] == [POD_CIDR]


def test_defined_before_it_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Definitions come before Calico's resources, and a namespace before what is in it."""
    (tmp_path / "crd").mkdir()
    definition = {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "d"},
    }
    (tmp_path / "crd" / "d.yaml").write_text(f"---\n{yaml.safe_dump(definition)}")
    monkeypatch.setattr(programs, "homes", lambda *_: {"calico": tmp_path})
    built = ImageSet({name: Image(name, f"x/{name}:1", 0) for name in ("helper", "coredns")}, 0, 0.0, ())
    made = list(addons.objects(Layout("demo", tmp_path, 1, 2, 3), built))
    kinds = [each["kind"] for each in made]
    assert kinds.index("CustomResourceDefinition") < kinds.index("IPPool")
    there = {"kube-system"}
    for each in made:
        assert each["metadata"].get("namespace", "kube-system") in there
        there |= {each["metadata"]["name"]} if each["kind"] == "Namespace" else set()


class TestDigest:
    """What tells a running cluster whether to apply anything anew."""

    @pytest.fixture(autouse=True)
    def calico(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """One of Calico's definitions."""
        (tmp_path / "crd").mkdir()
        definition = tmp_path / "crd" / "d.yaml"
        definition.write_text("kind: CustomResourceDefinition\n")
        monkeypatch.setattr(programs, "homes", lambda *_: {"calico": tmp_path})
        return definition

    @staticmethod
    def of(tmp_path: Path, **tags: str) -> str:
        """Return the digest of a cluster with images of these tags."""
        named = {"helper": "1", "coredns": "1", "vote": "1"} | tags
        built = ImageSet({name: Image(name, f"x/{name}:{tag}", 0) for name, tag in named.items()}, 0, 0.0, ())
        return addons.digest(Layout("demo", tmp_path, 1, 2, 3), built)

    def test_stays(self, tmp_path: Path) -> None:
        """Another image of the application changes nothing here."""
        assert self.of(tmp_path) == self.of(tmp_path, vote="2")

    def test_changes(self, tmp_path: Path, calico: Path) -> None:
        """Another resolver, another helper, another definition do."""
        before = self.of(tmp_path)
        after = {self.of(tmp_path, coredns="2"), self.of(tmp_path, helper="2")}
        calico.write_text("kind: CustomResourceDefinition\nmore: true\n")
        after.add(self.of(tmp_path))
        assert len(after | {before}) == 4

    def test_every_file_of_ours_counts(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A change of any of our files does, too."""
        folder = tmp_path / "addons"
        shutil.copytree(FOLDER, folder)
        monkeypatch.setattr(addons, "_FOLDER", folder)
        seen = {self.of(tmp_path)}
        for file in sorted(folder.glob("*.yaml")):
            file.write_text(f"{file.read_text()}# changed\n")
            seen.add(self.of(tmp_path))
        assert len(seen) == 1 + len(FILES)


class TestApply:
    """`addons.apply`."""

    def test_waits_for_a_kind(self) -> None:
        """A kind that is not served yet is tried again, and the order stays."""
        server = Recorder({"IPPool": 2})
        addons.apply(server, objects("Namespace", "IPPool", "Service"))  # type: ignore[arg-type]
        assert [each["kind"] for each in server.applied] == ["Namespace", "IPPool", "Service"]

    def test_gives_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A kind that is never served is named."""
        monkeypatch.setattr(addons, "_DEFINED_TIMEOUT_S", 0.1)
        with pytest.raises(WaitError, match=r"IPPool x: not there after .*not served"):
            addons.apply(Recorder({"IPPool": 10**6}), objects("IPPool"))  # type: ignore[arg-type]

    def test_refusal_is_final(self) -> None:
        """Any other refusal ends it at once."""
        server = Recorder()
        with pytest.raises(UserError, match="because"):
            addons.apply(server, objects("Refused", "Service"))  # type: ignore[arg-type]
        assert server.applied == []
