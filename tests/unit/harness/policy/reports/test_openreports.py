"""The OpenReports report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import yaml

from harness.policy.reports.openreports import openreports

if TYPE_CHECKING:
    from datetime import datetime

    from harness.policy.model import Verdict

# What the custom resource definition of openreports.io/v1alpha1 (reports-api v0.2.1) asks of the fields used here.
TEXT = {"type": "string"}
RESULT = {
    "type": "object",
    "required": ["policy", "source", "timestamp"],
    "additionalProperties": False,
    "properties": {
        **dict.fromkeys(("source", "policy", "rule", "category", "message"), TEXT),
        "severity": {"enum": ["critical", "high", "low", "medium", "info"]},
        "result": {"enum": ["pass", "fail", "warn", "error", "skip"]},
        "scored": {"type": "boolean"},
        "timestamp": {
            "type": "object",
            "required": ["nanos", "seconds"],
            "properties": {"nanos": {"type": "integer"}, "seconds": {"type": "integer"}},
        },
        "resources": {"type": "array", "items": {"type": "object", "additionalProperties": TEXT}},
        "properties": {"type": "object", "additionalProperties": TEXT},
    },
}


def reports(verdict: Verdict, now: datetime) -> list[dict[str, Any]]:
    """Return the report read back."""
    return list(yaml.safe_load_all(openreports(verdict, now)))


def test_it_follows_the_resource_definition(verdict: Verdict, now: datetime) -> None:
    """Every result is one that a cluster would store."""
    (report,) = reports(verdict, now)
    assert (report["apiVersion"], report["kind"]) == ("openreports.io/v1alpha1", "Report")
    for result in report["results"]:
        jsonschema.validate(result, RESULT)


def test_each_rule_says_something_of_each_workload(verdict: Verdict, now: datetime) -> None:
    """Passes are there as well as failures; a waived finding is a skip with its owner."""
    (report,) = reports(verdict, now)
    said = {
        result["resources"][0]["name"]: result for result in report["results"] if result["policy"] == "PSS-PRIVILEGED"
    }
    assert {name: result["result"] for name, result in said.items()} == {
        "open": "fail",
        "waived": "skip",
        "good": "pass",
    }
    assert said["open"]["properties"]["source"] == "manifests/a file.yaml:7"
    assert "platform until 2027-01-31" in said["waived"]["properties"]["waiver"]


def test_the_summary_counts_the_results(verdict: Verdict, now: datetime) -> None:
    """Its sum is the number of results."""
    (report,) = reports(verdict, now)
    assert report["summary"] == {"pass": 4, "fail": 1, "warn": 0, "error": 0, "skip": 1}
    assert sum(report["summary"].values()) == len(report["results"])
