"""Redis' users in the cluster, and those that the services are tested with."""

from __future__ import annotations

import pytest

from harness import credentials
from tests.fix_redis import RIGHTS


def granted(rules: str) -> set[str]:
    """Return the keys and commands that rules grant."""
    return {word for word in rules.split() if word.startswith(("~", "%", "&", "+"))}


def cluster_rules(user: str) -> str:
    """Return what the template grants a user."""
    lines = credentials.ACL_TEMPLATE.read_text().splitlines()
    (rules,) = [line for line in lines if line.startswith(f"user {user} ")]
    return rules


@pytest.mark.parametrize("user", RIGHTS)
def test_services_are_tested_with_the_clusters_rights(user: str) -> None:
    """A command that a service begins to need is granted in both places, or its tests fail."""
    assert granted(cluster_rules(user)) == granted(RIGHTS[user])


def test_default_user_may_do_nothing() -> None:
    """Who names no user gets nothing, and cannot log in."""
    assert cluster_rules("default") == "user default reset"


def test_probe_may_only_ping() -> None:
    """Kubelet's probes see that Redis answers, no vote."""
    assert granted(cluster_rules("probe")) == {"+ping"}
