"""Makes up pods for the fuzzer: every field that a control reads, absent, null, empty, allowed, almost allowed."""

# ruff: noqa: FBT003  # booleans are the data here

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hypothesis.strategies import SearchStrategy

_ABSENT = object()
# Values that no field takes, one of each JSON type: they try that what cannot be read is refused.
_WRONG: tuple[Any, ...] = ("", "true", 1, 1.5, True, [], ["x"], {}, {"x": 1})
# Of 600 draws of a field about 400 are meant, 150 absent, 40 null and 9 of a wrong type; one draw is what costs time.
_MEANT, _LEFT_OUT, _NULL = 400, 150, 40
_REST: tuple[Any, ...] = (*[_ABSENT] * _LEFT_OUT, *[None] * _NULL, *_WRONG)


def _choice(*values: Any) -> SearchStrategy[Any]:
    """Return a field whose meant values are these: absent, null and wrong types beside them."""
    return st.sampled_from([*list(values) * (_MEANT // len(values)), *_REST])


def _maybe(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Return a field with structured values: absent, null and wrong types beside them."""
    return st.one_of(values, values, st.sampled_from(_REST))


def _object(**fields: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(fields).map(_present)


def _present(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not _ABSENT}


def _sample(*values: Any) -> SearchStrategy[Any]:
    return st.sampled_from(values)


_PROFILES = _object(
    type=_choice("RuntimeDefault", "Localhost", "Unconfined", "runtimeDefault", ""),
    localhostProfile=_sample(_ABSENT, None, "profiles/audit.json"),
)
_SE_LINUX = _object(
    type=_choice("", "container_t", "container_init_t", "container_kvm_t", "container_engine_t", "spc_t"),
    user=_choice("", "system_u"),
    role=_choice("", "sysadm_r"),
    level=_sample(_ABSENT, None, "s0:c1,c2"),
)
_WINDOWS = _object(hostProcess=_choice(True, False), runAsUserName=_sample(_ABSENT, None, "ContainerUser"))
_CAPABILITIES = (
    *(
        "ALL",
        "NET_BIND_SERVICE",
        "CHOWN",
        "NET_RAW",
        "SYS_ADMIN",
        "AUDIT_WRITE",
        "all",
        "CAP_CHOWN",
        "net_bind_service",
        "",
    ),
    None,
)
_SECURITY = {
    "runAsNonRoot": _choice(True, False),
    "runAsUser": _choice(0, 1, 999, 1000, -1),
    "seccompProfile": _maybe(_PROFILES),
    "appArmorProfile": _maybe(_PROFILES),
    "seLinuxOptions": _maybe(_SE_LINUX),
    "windowsOptions": _maybe(_WINDOWS),
}
_CONTAINER_SECURITY = _object(
    **_SECURITY,
    privileged=_choice(True, False),
    allowPrivilegeEscalation=_choice(False, False, False, True),
    procMount=_choice("Default", "Default", "Unmasked", "default", ""),
    capabilities=_maybe(
        _object(
            drop=_maybe(st.one_of(st.just(["ALL"]), st.lists(_sample(*_CAPABILITIES), max_size=3))),
            add=_maybe(
                st.one_of(
                    st.just([]),
                    st.sampled_from([["NET_BIND_SERVICE"], ["NET_RAW"]]),
                    st.lists(_sample(*_CAPABILITIES), max_size=2),
                )
            ),
        )
    ),
)
# Most containers get everything right, or no pod would ever be admitted at the restricted level.
_GOOD_SECURITY = _object(
    allowPrivilegeEscalation=st.just(False),
    capabilities=st.just({"drop": ["ALL"]}),
    runAsNonRoot=_sample(_ABSENT, _ABSENT, True),
    seccompProfile=_sample(_ABSENT, _ABSENT, {"type": "RuntimeDefault"}),
)
_HOSTS = _choice("", "", "127.0.0.1", "example.com")
_ACTION = _object(
    httpGet=_maybe(_object(port=st.just(8080), host=_HOSTS)),
    tcpSocket=_maybe(_object(port=st.just(8080), host=_HOSTS)),
)
_PORT = _object(
    containerPort=_sample(80, 8080),
    hostPort=_choice(0, 0, 80, 65535),
    protocol=_sample(_ABSENT, None, "TCP", "UDP"),
)
_EXTRAS: dict[str, SearchStrategy[Any]] = {
    "ports": _maybe(st.lists(st.one_of(_PORT, st.none()), max_size=2)),
    "livenessProbe": _maybe(_ACTION),
    "readinessProbe": _maybe(_ACTION),
    "startupProbe": _maybe(_ACTION),
    "lifecycle": _maybe(_object(postStart=_maybe(_ACTION), preStop=_maybe(_ACTION))),
}


def _container(name: str) -> SearchStrategy[dict[str, Any]]:
    plain = _object(name=st.just(name), image=st.just("image:1"), securityContext=_GOOD_SECURITY)
    wild = _object(name=st.just(name), image=st.just("image:1"), securityContext=_maybe(_CONTAINER_SECURITY), **_EXTRAS)
    return st.one_of(plain, plain, wild)


def _containers(prefix: str, most: int, least: int = 0) -> SearchStrategy[list[dict[str, Any]]]:
    return st.integers(least, most).flatmap(
        lambda count: st.tuples(*(_container(f"{prefix}{number}") for number in range(count))).map(list)
    )


_SOURCES = (
    *(
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ),
    *("hostPath", "nfs", "iscsi", "gitRepo", "flexVolume", "rbd", "fc", "azureFile", "azureDisk", "cinder", "cephfs"),
    *(
        "flocker",
        "gcePersistentDisk",
        "awsElasticBlockStore",
        "glusterfs",
        "vsphereVolume",
        "quobyte",
        "portworxVolume",
    ),
    *("photonPersistentDisk", "scaleIO", "storageos", "notYetInvented"),
)
_VOLUME = st.one_of(
    st.none(),
    st.just({"name": "v"}),
    st.sampled_from(_SOURCES[:9]).map(lambda source: {"name": "v", source: {}}),
    st.sampled_from(_SOURCES).map(lambda source: {"name": "v", source: {}}),
    st.just({"name": "v", "hostPath": {"path": "/"}}),
    st.sampled_from(_SOURCES).map(lambda source: {"name": "v", source: None}),
    st.tuples(st.sampled_from(_SOURCES), st.sampled_from(_SOURCES)).map(
        lambda pair: {"name": "v", pair[0]: {}, pair[1]: {}}
    ),
    st.tuples(st.sampled_from(_SOURCES), st.sampled_from(_WRONG)).map(lambda pair: {"name": "v", pair[0]: pair[1]}),
)
_SYSCTLS = st.lists(
    st.sampled_from(
        ["kernel.shm_rmid_forced", "net.ipv4.tcp_rmem", "net.ipv4.tcp_notsent_lowat", "kernel.msgmax", "", None]
    )
    .map(lambda name: {"name": name, "value": "1"})
    .flatmap(lambda sysctl: st.sampled_from([sysctl, sysctl, sysctl, None, {}])),
    min_size=1,
    max_size=2,
)
_POD_SECURITY = st.one_of(
    st.just({"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}),
    st.just({"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}),
    _object(**_SECURITY, sysctls=_maybe(_SYSCTLS)),
    _SYSCTLS.map(lambda sysctls: {"runAsNonRoot": True, "sysctls": sysctls}),
)
_APP_ARMOR = "container.apparmor.security.beta.kubernetes.io/"
_ANNOTATIONS = st.dictionaries(
    _sample(_APP_ARMOR + "c0", _APP_ARMOR, "seccomp.security.alpha.kubernetes.io/pod", "other"),
    _sample("runtime/default", "localhost/p", "unconfined", "", None),
    max_size=2,
)
_SPEC = _object(
    containers=_containers("c", 2, least=1),
    initContainers=_maybe(_containers("i", 1)),
    ephemeralContainers=_maybe(_containers("e", 1)),
    securityContext=_maybe(_POD_SECURITY),
    hostNetwork=_choice(False, False, True),
    hostPID=_choice(False, False, True),
    hostIPC=_choice(False, False, True),
    hostUsers=_choice(True, False),
    os=_maybe(_object(name=_choice("linux", "windows", "windows", "Windows", ""))),
    volumes=_maybe(st.lists(_VOLUME, max_size=2)),
)


def pods() -> SearchStrategy[dict[str, Any]]:
    """Return the strategy: JSON that is meant as a pod, about a third of which is admitted at some level."""
    return _object(
        apiVersion=st.just("v1"),
        kind=st.just("Pod"),
        metadata=_object(name=st.just("fuzz"), annotations=_maybe(_ANNOTATIONS)),
        spec=_SPEC,
    )
