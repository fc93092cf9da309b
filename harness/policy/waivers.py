"""Dated, owned exceptions to rules, shared by both engines; an expired or unused one fails the gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from harness.errors import UserError
from harness.located import Document, parse
from harness.policy.model import Finding, Waiver
from harness.policy.subjects import POLICIES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from harness.policy.model import Rule

WAIVERS = POLICIES / "waivers.yaml"
_REQUIRED = {"rules", "object", "owner", "reason", "expires"}
_KNOWN = _REQUIRED | {"namespace", "container"}
# What makes a gate honest cannot be waived: a file that nobody could read was not judged.
_NEVER = {"GATE-PARSE"}


def read(file: Path, shown: str = "policies/waivers.yaml") -> tuple[Waiver, ...]:
    """Read a waiver file; an empty one has none.

    Raises:
        UserError: An entry lacks a key, has an unknown one, or a value of the wrong form; file, line and key are named.
    """
    documents = parse(file.read_text(), shown)
    if not documents:
        return ()
    document = documents[0]
    if not isinstance(document.data, list):
        raise UserError(
            f"{shown}: expected a list of waivers, found {type(document.data).__name__}; begin each with `- rules:`"
        )
    return tuple(_waiver(document, index) for index in range(len(document.data)))


def _waiver(document: Document, index: int) -> Waiver:
    entry, place = document.data[index], document.place(index)
    if not isinstance(entry, dict):
        raise UserError(f"{place}: expected a waiver with {', '.join(sorted(_REQUIRED))}, found {entry!r}")
    missing, unknown = _REQUIRED - set(entry), set(entry) - _KNOWN
    if missing or unknown:
        what = (
            f"lacks {', '.join(sorted(missing))}" if missing else f"has unknown {', '.join(sorted(map(str, unknown)))}"
        )
        raise UserError(f"{place}: the waiver {what}; it takes {', '.join(sorted(_KNOWN))}")
    rules = entry["rules"]
    if not isinstance(rules, list) or not rules or not all(isinstance(rule, str) for rule in rules):
        raise UserError(f"{document.place(index, 'rules')}: rules: expected a list of rule ids, found {rules!r}")
    if not isinstance(entry["expires"], date):
        raise UserError(
            f"{document.place(index, 'expires')}: expires: expected a date (2027-01-31), found {entry['expires']!r}"
        )
    for key in ("object", "owner", "reason"):
        if not isinstance(entry[key], str) or not entry[key].strip():
            raise UserError(f"{document.place(index, key)}: {key}: expected a text, found {entry[key]!r}")
    kind, slash, name = entry["object"].partition("/")
    is_object = bool(slash) and kind[:1].isupper() and "/" not in name
    return Waiver(
        rules=tuple(rules),
        kind=kind if is_object else "",
        name=name if is_object else entry["object"],
        namespace=str(entry.get("namespace") or ""),
        container=str(entry.get("container") or ""),
        owner=entry["owner"],
        reason=entry["reason"].strip(),
        expires=entry["expires"],
        place=place,
    )


def apply(
    waivers: Sequence[Waiver], findings: Iterable[Finding], rules: Mapping[str, Rule], today: date
) -> tuple[tuple[Finding, ...], tuple[str, ...]]:
    """Mark the findings that a waiver covers, and say what is wrong with the waivers.

    Args:
        waivers: All of them.
        findings: What the engines found.
        rules: The rules that ran: a waiver of a rule that did not run is neither used nor unused.
        today: The day on which a waiver must not have expired.

    Returns:
        The findings, and one line for each waiver that expired or that nothing needed.
    """
    valid = [waiver for waiver in waivers if waiver.expires >= today]
    problems = [
        f"{waiver.place}: the waiver of {', '.join(waiver.rules)} for {_target(waiver)} expired on {waiver.expires}; "
        f"mend what it covers, or ask {waiver.owner} to renew it"
        for waiver in waivers
        if waiver.expires < today
    ]
    used: set[tuple[int, str]] = set()
    marked = []
    for finding in findings:
        number = next((number for number, waiver in enumerate(valid) if covers(waiver, finding)), None)
        if number is not None:
            used.add((number, finding.rule_id))
        marked.append(finding if number is None else replace(finding, waiver=valid[number]))
    for number, waiver in enumerate(valid):
        for rule in waiver.rules:
            if rule not in rules:
                if not any(rule.startswith(prefix) for prefix in ("CKV", "GATE-")):
                    problems.append(
                        f"{waiver.place}: the waiver names the rule {rule}, which there is not; correct the id"
                    )
            elif (number, rule) not in used:
                problems.append(
                    f"{waiver.place}: the waiver of {rule} for {_target(waiver)} covers nothing any more; remove it"
                )
    return tuple(marked), tuple(problems)


def covers(waiver: Waiver, finding: Finding) -> bool:
    """Tell whether a waiver is for a finding."""
    subject = finding.subject
    return (
        finding.rule_id in waiver.rules
        and finding.rule_id not in _NEVER
        and waiver.name == subject.name
        and waiver.kind in {"", subject.kind}
        and waiver.namespace in {"", subject.namespace}
        # Checkov does not say which container it means.
        and (waiver.container in {"", finding.container} or finding.engine == "checkov")
    )


def _target(waiver: Waiver) -> str:
    target = f"{waiver.kind}/{waiver.name}" if waiver.kind else waiver.name
    return f"{target} [{waiver.container}]" if waiver.container else target
