"""Reading targets and writing answers."""

from __future__ import annotations

import json

import pytest

from ballotbox_probe.targets import Answer, InputError, Target, read_targets, write_answers


def test_a_target_has_defaults() -> None:
    """A target is TCP and is known by its place in the list unless it says otherwise."""
    assert read_targets('[{"host": "10.0.0.1", "port": 80}]') == [Target("0", "10.0.0.1", 80, "TCP")]


def test_every_field_is_read() -> None:
    """Identifier, protocol and DNS question are taken over."""
    text = '[{"id": "x", "host": "dns.example", "port": 53, "protocol": "UDP", "query": "a.b"}]'
    assert read_targets(text) == [Target("x", "dns.example", 53, "UDP", "a.b")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "JSON list"),
        ("{}", "found dict"),
        ("[1]", "target 0: expected an object"),
        ('[{"port": 1}]', "expected a host"),
        ('[{"host": "a", "port": 0}]', "expected a port"),
        ('[{"host": "a", "port": 70000}]', "expected a port"),
        ('[{"host": "a", "port": true}]', "expected a port"),
        ('[{"host": "a", "port": 1, "protocol": "SCTP"}]', "TCP or UDP"),
        ('[{"host": "a", "port": 1, "prot": "TCP"}]', "found prot"),
    ],
)
def test_bad_input_is_named(text: str, said: str) -> None:
    """Input that makes no sense is an error that says what was expected."""
    with pytest.raises(InputError, match=said):
        read_targets(text)


def test_answers_are_one_line_of_json() -> None:
    """The answers come back as one line that JSON readers take."""
    text = write_answers([Answer("x", "open", 1.5)])
    assert "\n" not in text
    assert json.loads(text) == {"answers": [{"id": "x", "verdict": "open", "ms": 1.5, "detail": ""}]}
