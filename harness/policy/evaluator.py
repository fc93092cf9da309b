"""Asks the official Pod Security evaluator (tools/pss-evaluator) what it says of pods."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness import process, programs
from harness.policy.rego import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERSION = "v1.37"
_TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Answer:
    """What the official evaluator says of one pod.

    Attributes:
        decode_error: Why the API server could not even read the pod; empty where it could.
        strict_error: What field validation "Strict" would refuse: unknown fields.
        refused: For each level the checks that refuse the pod.
    """

    decode_error: str
    strict_error: str
    refused: Mapping[str, frozenset[str]]


def ask(pods: Sequence[Mapping[str, Any]]) -> tuple[Answer, ...]:
    """Judge pods, decoded and defaulted as the API server does, at both levels of VERSION.

    Raises:
        EngineError: The evaluator did not answer for each pod.
    """
    lines = "".join(json.dumps(pod) + "\n" for pod in pods)
    done = process.run([programs.path("pss-evaluator"), VERSION], stdin=lines, timeout_s=_TIMEOUT_S)
    answers = tuple(_answer(json.loads(line)) for line in done.stdout.splitlines())
    if len(answers) != len(pods):
        raise EngineError(f"pss-evaluator: was given {len(pods)} pods, answered for {len(answers)}")
    return answers


def _answer(said: Mapping[str, Any]) -> Answer:
    refused = said.get("refused") or {}
    return Answer(
        decode_error=said.get("decodeError", ""),
        strict_error=said.get("strictError", ""),
        refused={level: frozenset(checks) for level, checks in refused.items()},
    )
