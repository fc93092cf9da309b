"""Logs as JSON."""

from __future__ import annotations

import json
import logging
import sys

from ballotbox_common.logs import JsonFormatter


def line_of(record: logging.LogRecord) -> dict[str, object]:
    """Format a record and read the line back."""
    line = JsonFormatter("vote").format(record)
    assert "\n" not in line
    parsed: dict[str, object] = json.loads(line)
    return parsed


def record(message: str, *args: object, **extra: object) -> logging.LogRecord:
    """Make a record as a logger does."""
    return logging.getLogger("x").makeRecord("x", logging.INFO, "f", 1, message, args, None, extra=extra)


def test_one_object_a_line() -> None:
    """Time, level, service, logger and message are there; extra fields beside them."""
    line = line_of(record("%d votes", 3, voters=2))
    assert line.pop("time")
    assert line == {"level": "info", "service": "vote", "logger": "x", "message": "3 votes", "voters": 2}


def test_time_is_utc() -> None:
    """The time is RFC 3339 in UTC."""
    moment = record("x")
    moment.created = 0.5
    assert line_of(moment)["time"] == "1970-01-01T00:00:00.500Z"


def test_a_message_cannot_break_the_line() -> None:
    """Line breaks and control characters are escaped."""
    assert line_of(record("a\nb\u2028\x1b[31m"))["message"] == "a\nb\u2028\x1b[31m"


def test_exceptions_stay_in_the_line() -> None:
    """A traceback is one field."""
    try:
        raise ValueError("why")  # noqa: TRY301  # it has to have been raised here
    except ValueError:
        failed = record("failed")
        failed.exc_info = sys.exc_info()
    assert "ValueError: why" in str(line_of(failed)["traceback"])


def test_what_json_cannot_say_is_said_as_text() -> None:
    """A field of any type is logged."""
    assert line_of(record("x", what={1}))["what"] == "{1}"
