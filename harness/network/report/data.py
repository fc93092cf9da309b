"""JSON: the whole run as data; schema.json beside this file says what each field is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.network.universal import pod_manifest

if TYPE_CHECKING:
    from harness.network.compare import Outcome
    from harness.network.evaluator import Ruling
    from harness.network.result import Run

SCHEMA = Path(__file__).with_name("schema.json")


def data(run: Run) -> dict[str, Any]:
    """Return a run as what JSON can hold."""
    return {
        "version": 1,
        "provider": run.provider,
        "overlay": run.overlay,
        "passed": not run.failures,
        "failures": run.failures,
        "counts": run.counts,
        "probing_s": run.probing_s,
        "flows": [_flow(outcome) for outcome in run.outcomes],
        "universal": {
            "endpoint_classes": run.proof.endpoint_classes,
            "candidates": run.proof.candidates,
            "port_classes": run.proof.port_classes,
            "flows": run.proof.flows,
            "counterexamples": [
                {"text": str(example), "manifest": pod_manifest(example)} for example in run.proof.counterexamples
            ],
        },
        "mutation": {
            "caught": run.score.caught,
            "equivalent": len(run.score.equivalents),
            "survived": len(run.score.survivors),
            "mutants": [
                {
                    "policy": fate.mutant.original.key,
                    "operator": fate.mutant.operator,
                    "what": fate.mutant.what,
                    "place": str(fate.mutant.place),
                    "fate": fate.caught_by or ("equivalent" if fate.equivalent else "survived"),
                    "evidence": fate.evidence,
                }
                for fate in run.score.fates
            ],
        },
        "live_mutation": [
            {
                "policy": fate.mutant.original.key,
                "what": fate.mutant.what,
                "flow": fate.cell,
                "before": fate.before,
                "seen": fate.seen,
                "noticed_s": fate.noticed_s,
                "restored_s": fate.restored_s,
            }
            for fate in run.live
        ],
        "enforcement": None if run.enforcement is None else vars(run.enforcement),
        "rights": [vars(right) for right in run.rights],
        "guards": [{"kind": guard.kind, "what": guard.what, "place": str(guard.place)} for guard in run.guards],
    }


def to_json(run: Run) -> str:
    """Return a run as JSON text."""
    return json.dumps(data(run), indent=1, default=list) + "\n"


def _flow(outcome: Outcome) -> dict[str, Any]:
    cell, answer = outcome.cell, outcome.answer
    return {
        "id": cell.id,
        "source": cell.source,
        "destination": cell.target.endpoint,
        "port": cell.target.port.port,
        "protocol": cell.target.port.protocol,
        "service": None if cell.target.service is None else str(cell.target.service),
        "listening": cell.target.listening,
        "intent": {
            "passes": cell.passes,
            "reason": cell.reason,
            "place": None if cell.entry is None else str(cell.entry.place),
        },
        "expected": cell.expected,
        "computed": {
            "allowed": outcome.computed.allowed,
            "egress": _ruling(outcome.computed.egress),
            "ingress": _ruling(outcome.computed.ingress),
        },
        "probe": None if answer is None else {"verdict": answer.verdict, "ms": answer.ms, "detail": answer.detail},
        "witness": outcome.witness,
        "status": outcome.status.value,
        "message": outcome.message,
    }


def _ruling(ruling: Ruling) -> dict[str, Any]:
    return {
        "allowed": ruling.allowed,
        "exempt": ruling.exempt,
        "policies": [policy.key for policy in ruling.isolating],
        "places": [str(place) for place in ruling.places],
    }
