"""Trials in namespaces made for them; the successes need root, as the embedded provider does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from harness import process
from harness.doctor import netfilter, probes

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="namespaces take root")


@as_root
def test_nothing_is_left(tmp_path: Path) -> None:
    """What was tried is gone afterwards: mounts, interfaces, rules and folders."""
    state = tmp_path / "not" / "there" / "yet"
    looks = (["cat", "/proc/self/mounts"], ["ip", "-o", "link", "show"])
    before = [process.run(look).stdout for look in looks]
    tried = probes.run(state)
    assert [process.run(look).stdout for look in looks] == before
    assert list(tmp_path.iterdir()) == []
    assert {probes.NAMESPACES, probes.OVERLAY} <= set(tried)


def test_overlay_where_none_can_be() -> None:
    """A place that can carry no overlay is found out by trying; the complaint names it."""
    assert "/proc/" in probes.overlay(Path("/proc/ballotbox"))


def test_failed_trials_are_named() -> None:
    """Each feature has its own complaint, empty where it works."""
    tried = netfilter.run(
        {"good": "true", "bad": "false", "worse": "ls --no-such-option", "absent": "no-such-program -x"}
    )
    assert tried["good"] == ""
    assert tried["bad"] == "exit code 1"
    assert "no-such-option" in tried["worse"]
    assert "absent" not in tried


def test_every_trial_is_a_command() -> None:
    """Each trial is a command without quotes or shell words, for it is split at spaces."""
    assert all(command.split()[0] in {"ip", "ipset", "iptables"} for command in netfilter.TRIALS.values())
    assert not any(character in command for command in netfilter.TRIALS.values() for character in "'\"$;&|")
