"""OpenReports: a `Report` of openreports.io/v1alpha1 for each set, that a cluster's dashboards read.

The fields: https://github.com/openreports/reports-api/blob/main/docs/api-docs.md
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from harness.policy.reports.matrix import applicable, cells, group_of

if TYPE_CHECKING:
    from datetime import datetime

    from harness.policy.model import Finding, Rule, Subject, SubjectSet, Verdict

_RESULTS = {"pass": "pass", "fail": "fail", "waived": "skip"}


def openreports(verdict: Verdict, now: datetime) -> str:
    """Return a YAML document for each set that has objects: what each rule said of each object."""
    reports = [_report(verdict, one, now) for one in verdict.sets if one.of_type("object")]
    return yaml.dump_all(reports, sort_keys=False, explicit_start=True)


def _report(verdict: Verdict, one: SubjectSet, now: datetime) -> dict[str, Any]:
    stamp = {"seconds": int(now.timestamp()), "nanos": 0}
    results = [
        _result(rule, cell.subject, _RESULTS[cell.status], cell.findings, stamp)
        for rule in verdict.rules.values()
        if rule.judges in {"workloads", "objects"} and applicable(verdict, rule)
        for cell in cells(verdict, one, rule)
    ]
    # Checkov says what failed and counts the rest.
    for finding in verdict.findings:
        if finding.engine == "checkov" and finding.set_name == one.name and finding.subject.type == "object":
            rule = verdict.rules[finding.rule_id]
            results.append(_result(rule, finding.subject, "skip" if finding.waiver else "fail", (finding,), stamp))
    counts = {
        result: sum(each["result"] == result for each in results)
        for result in ("pass", "fail", "warn", "error", "skip")
    }
    name = re.sub(r"[^a-z0-9]+", "-", one.name.lower()).strip("-")
    return {
        "apiVersion": "openreports.io/v1alpha1",
        "kind": "Report",
        "metadata": {
            "name": f"policy-{name}"[:63].rstrip("-"),
            "namespace": "ballotbox",
            "labels": {"app.kubernetes.io/part-of": "ballotbox", "app.kubernetes.io/managed-by": "ballotbox-policy"},
            "annotations": {"policy.ballotbox/set": one.name},
        },
        "source": "ballotbox-policy",
        "summary": counts,
        "results": results,
    }


def _result(
    rule: Rule, subject: Subject, result: str, findings: tuple[Finding, ...], stamp: dict[str, int]
) -> dict[str, Any]:
    reference = {
        "apiVersion": str(subject.data.get("apiVersion", "")),
        "kind": subject.kind,
        "name": subject.name,
        **({"namespace": subject.namespace} if subject.namespace else {}),
    }
    properties = {"engine": rule.engine, "remedy": rule.remedy}
    if findings:
        properties["source"] = ", ".join(sorted({str(finding.place) for finding in findings}))
    waivers = {finding.waiver for finding in findings if finding.waiver}
    if waivers:
        properties["waiver"] = "; ".join(
            f"{waiver.owner} until {waiver.expires}: {waiver.reason}" for waiver in waivers
        )
    return {
        "source": rule.engine,
        "policy": rule.id,
        "rule": rule.title,
        "category": group_of(rule.id),
        "severity": rule.severity,
        "timestamp": stamp,
        "result": result,
        "scored": True,
        "resources": [reference],
        "message": "; ".join(finding.message for finding in findings) or rule.title,
        "properties": properties,
    }
