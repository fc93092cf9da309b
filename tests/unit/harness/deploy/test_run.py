"""The order and content of a deployment."""

from __future__ import annotations

from harness.deploy.run import with_secrets


def test_namespace_then_secrets_then_the_rest() -> None:
    """What pods refer to is there before they start, and the namespace before that."""
    objects = [{"kind": "Service"}, {"kind": "Namespace"}, {"kind": "ConfigMap"}]
    secrets = [{"kind": "Secret", "metadata": {"name": "s"}, "data": {}}]
    assert [each["kind"] for each in with_secrets(objects, secrets)] == ["Namespace", "Secret", "Service", "ConfigMap"]
