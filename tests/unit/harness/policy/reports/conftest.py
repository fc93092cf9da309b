"""One verdict with everything in it, for all reports."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from harness.located import Place
from harness.policy.measured import Figure, Measured
from harness.policy.model import Counts, Finding, Rule, Subject, SubjectSet, Verdict, Waiver


@pytest.fixture
def now() -> datetime:
    """The time of the reports."""
    return datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
def measured() -> Measured:
    """One figure; the other was not measured."""
    return Measured((Figure("conformance", 1480, 1480, "official fixtures", "digest"),))


@pytest.fixture
def verdict() -> Verdict:
    """A pod with an open finding, one with a waived finding, a Containerfile, and a waiver that nothing needs."""
    place = Place("manifests/a file.yaml", 7)
    pods = tuple(
        Subject(number, "object", "Pod", "shop", name, {"apiVersion": "v1", "kind": "Pod"}, lambda _: place)
        for number, name in enumerate(("open", "waived", "good"))
    )
    containerfile = Subject(3, "containerfile", "containerfile", "", "services/a/Containerfile", None, lambda _: place)
    waiver = Waiver(
        ("PSS-PRIVILEGED",), "Pod", "waived", "", "", "platform", "Because <b>.", date(2027, 1, 31), Place("w.yaml", 1)
    )
    link = "https://kubernetes.io/docs/"
    rules = (
        Rule("CKV_K8S_16", "checkov", "Checkov's", "critical", "Why.", "How.", link, "policies/checkov.yaml"),
        Rule("GATE-PARSE", "gate", "Readable", "critical", "Why.", "How.", "docs/policy.md"),
        Rule("IMG-USER", "rego", "Not root", "high", "Why.", "How.", link, judges="containerfiles"),
        Rule(
            "PSS-HOST-PATH", "rego", "Overridden", "critical", "Why.", "How.", link, pss="baseline", judges="workloads"
        ),
        Rule(
            "PSS-PRIVILEGED",
            "rego",
            "No privileged | container",
            "critical",
            "Why.",
            "How.",
            link,
            "policies/rules/pss/privileged.rego",
            "Pod security",
            "5.2.2",
            "baseline",
            "privileged",
            judges="workloads",
        ),
        Rule(
            "PSS-VOLUME-TYPES",
            "rego",
            "Volume types",
            "medium",
            "Why.",
            "How.",
            link,
            pss="restricted",
            overrides=("PSS-HOST-PATH",),
            judges="workloads",
        ),
    )
    field = ("spec", "containers", 0, "securityContext", "privileged")
    findings = tuple(
        Finding("PSS-PRIVILEGED", "rego", "shop", pod, "app", field, f"<{pod.name}> must | not", place, of)
        for pod, of in zip(pods, (None, waiver), strict=False)
    )
    return Verdict(
        sets=(SubjectSet("shop", (*pods, containerfile)),),
        rules={rule.id: rule for rule in rules},
        findings=findings,
        waiver_problems=("w.yaml:1: the waiver covers nothing any more; remove it",),
        waivers=(waiver,),
        counts=Counts(objects=3, pods=3, containers=3, containerfiles=1),
        seconds={"rego": 0.5},
    )
