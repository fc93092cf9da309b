"""SARIF 2.1.0: what code scanning reads.

The standard: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.policy.model import Finding, Rule, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# GitHub sorts by this number: over 9.0 is critical, 7.0 high, 4.0 medium.
_SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0"}


def sarif(verdict: Verdict) -> str:
    """Return the verdict as a SARIF log with one run; waived findings are there, suppressed."""
    rules = sorted(verdict.rules.values(), key=lambda rule: rule.id)
    index = {rule.id: position for position, rule in enumerate(rules)}
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "ballotbox-policy",
                        "informationUri": "https://www.conftest.dev/",
                        "semanticVersion": "1.0.0",
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "automationDetails": {"id": "policy/"},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"SRCROOT": {"description": {"text": "The root of the repository."}}},
                "results": [_result(finding, index) for finding in verdict.findings],
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolConfigurationNotifications": [
                            {"level": "error", "message": {"text": problem}} for problem in verdict.waiver_problems
                        ],
                    }
                ],
            }
        ],
    }
    return json.dumps(log, indent=1) + "\n"


def _rule(rule: Rule) -> dict[str, Any]:
    mapping = [
        text
        for text in (
            f"NSA/CISA Kubernetes Hardening Guide: {rule.nsa_cisa}" if rule.nsa_cisa else "",
            f"CIS Kubernetes Benchmark v1.10: {rule.cis}" if rule.cis else "",
            f"Rule: {rule.file}" if rule.file else "",
        )
        if text
    ]
    about: dict[str, Any] = {
        "id": rule.id,
        "name": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.description or rule.title},
        "help": {
            "text": "\n".join([rule.description, f"Remedy: {rule.remedy}", *mapping]),
            "markdown": "\n\n".join(
                [rule.description, f"**Remedy:** {rule.remedy}", *(f"- {line}" for line in mapping), f"<{rule.link}>"]
            ),
        },
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {
            "tags": sorted({"security", "kubernetes", rule.engine, rule.id.partition("-")[0].lower()}),
            "precision": "very-high",
            "problem.severity": "error" if rule.severity in {"critical", "high"} else "warning",
            "security-severity": _SCORES[rule.severity],
        },
    }
    if rule.link.startswith("https://"):
        about["helpUri"] = rule.link.replace(" ", "%20")
    return about


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    path = ".".join(map(str, finding.field))
    identity = "\0".join(
        (finding.rule_id, finding.set_name, str(finding.subject), finding.subject.namespace, finding.container, path)
    )
    result: dict[str, Any] = {
        "ruleId": finding.rule_id,
        "ruleIndex": index[finding.rule_id],
        "kind": "fail",
        "message": {"text": f"{finding.where()} ({finding.set_name}): {finding.message}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": finding.place.file.replace(" ", "%20"), "uriBaseId": "SRCROOT"},
                    "region": {"startLine": finding.place.line},
                },
                "logicalLocations": [{"fullyQualifiedName": f"{finding.where()}{'.' if path else ''}{path}"}],
            }
        ],
        "partialFingerprints": {"ballotboxPolicy/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }
    if finding.waiver is not None:
        why = f"{finding.waiver.reason} (owner {finding.waiver.owner}, until {finding.waiver.expires})"
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": why}]
    return result
