"""Kubeconfig files: who a component is and where it finds the API server."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import yaml

from harness.cluster.embedded import layout as at
from harness.cluster.embedded import private

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
    private.folder(layout.kubeconfigs)
    inside = f"https://{at.NODE_IP}:{at.API_PORT}"
    outside = f"https://127.0.0.1:{layout.api_port}"
    for subject in IN_THE_BOX:
        private.write(layout.kubeconfigs / subject, render(layout, subject, inside))
    private.write(layout.kubeconfigs / "bootstrap", render(layout, "bootstrap", outside))
    private.write(layout.admin_kubeconfig, render(layout, "admin", outside))


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
