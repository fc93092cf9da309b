"""Kubeconfig files: who a component is and where it finds the API server."""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

import yaml

from harness.cluster.embedded import layout as at

if TYPE_CHECKING:
    from pathlib import Path

    from harness.cluster.embedded.layout import Layout

# The certificate's file name is the kubeconfig's.
IN_THE_BOX = (
    "controller-manager",
    "scheduler",
    "kubelet",
    "kube-proxy",
    "felix",
    "cni",
    "local-path-provisioner",
)


def render(layout: Layout, subject: str, server: str) -> str:
    """Return a kubeconfig with everything inside, so that it works wherever it is copied to."""
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": layout.name,
                    "cluster": {"server": server, "certificate-authority-data": _encoded(layout.pki / "ca.crt")},
                }
            ],
            "users": [
                {
                    "name": subject,
                    "user": {
                        "client-certificate-data": _encoded(layout.pki / f"{subject}.crt"),
                        "client-key-data": _encoded(layout.pki / f"{subject}.key"),
                    },
                }
            ],
            "contexts": [{"name": layout.name, "context": {"cluster": layout.name, "user": subject}}],
            "current-context": layout.name,
        },
        sort_keys=False,
    )


def write_all(layout: Layout) -> None:
    """Write the components' kubeconfigs, the bootstrap's and the one for people, mode 0600."""
    layout.kubeconfigs.mkdir(parents=True, exist_ok=True, mode=0o700)
    inside = f"https://{at.NODE_IP}:{at.API_PORT}"
    outside = f"https://127.0.0.1:{layout.api_port}"
    for subject in IN_THE_BOX:
        _write(layout.kubeconfigs / subject, render(layout, subject, inside))
    _write(layout.kubeconfigs / "bootstrap", render(layout, "bootstrap", outside))
    _write(layout.admin_kubeconfig, render(layout, "admin", outside))


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
