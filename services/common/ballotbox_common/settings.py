"""Settings from the environment: read once at start, checked all at once, refused in one line that names every bad one.

A service declares a frozen dataclass whose fields are made by `text`, `secret`, `port`, `integer`, `flag`, `level`,
`web_address` and `words`; `load_or_exit` fills it.
"""

from __future__ import annotations

import dataclasses
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EXIT_CODE = 2
LEVELS = ("debug", "info", "warning", "error")
_HIGHEST_PORT = 65535
_MARK = "ballotbox.variable"
_T = TypeVar("_T")


class SettingsError(Exception):
    """One or more environment variables are missing or wrong; the message is one line that names each of them."""


@dataclass(frozen=True)
class _Variable:
    """How one field is read: its environment variable, how its text is parsed, and whether it may be shown."""

    name: str
    parse: Callable[[str], Any]
    default: str | None
    is_secret: bool = False


def text(name: str, default: str | None = None, *, at_most: int = 255) -> Any:
    """Declare a non-empty text of at most `at_most` characters without control characters."""

    def parse(raw: str) -> str:
        if not raw.isprintable() or len(raw) > at_most:
            raise ValueError(f"expected at most {at_most} printable characters")
        return raw

    return _field(_Variable(name, parse, default))


def secret(name: str, *, at_least_bytes: int = 1) -> Any:
    """Declare a secret: it has no default, is never printed, and has at least `at_least_bytes` bytes of UTF-8."""

    def parse(raw: str) -> str:
        if len(raw.encode()) < at_least_bytes:
            raise ValueError(f"expected a secret of at least {at_least_bytes} bytes")
        return raw

    return _field(_Variable(name, parse, None, is_secret=True))


def port(name: str, default: int) -> Any:
    """Declare a TCP port, 1 to 65535."""
    return integer(name, default, at_least=1, at_most=_HIGHEST_PORT)


def integer(name: str, default: int, *, at_least: int, at_most: int) -> Any:
    """Declare a whole number within bounds, both included."""

    def parse(raw: str) -> int:
        # int() takes "1_000", " 7" and digits of other scripts; a typing error should not start a service.
        number = int(raw) if raw.isascii() and raw.removeprefix("-").isdigit() else None
        if number is None or not at_least <= number <= at_most:
            raise ValueError(f"expected a whole number from {at_least} to {at_most}")
        return number

    return _field(_Variable(name, parse, str(default)))


def flag(name: str, *, default: bool) -> Any:
    """Declare a switch: `true` or `false`."""

    def parse(raw: str) -> bool:
        if raw not in {"true", "false"}:
            raise ValueError("expected true or false")
        return raw == "true"

    return _field(_Variable(name, parse, "true" if default else "false"))


def level(name: str = "LOG_LEVEL") -> Any:
    """Declare the level of the logs: debug, info, warning or error."""

    def parse(raw: str) -> str:
        if raw.lower() not in LEVELS:
            raise ValueError(f"expected one of {', '.join(LEVELS)}")
        return raw.lower()

    return _field(_Variable(name, parse, "info"))


def web_address(name: str, default: str = "") -> Any:
    """Declare the address of another page, http or https; without a default it may be empty."""

    def parse(raw: str) -> str:
        if raw and (not raw.startswith(("http://", "https://")) or not raw.isprintable() or " " in raw):
            raise ValueError("expected an address that begins with http:// or https://")
        return raw

    return _field(_Variable(name, parse, default))


def words(name: str) -> Any:
    """Declare a comma-separated list, empty by default; it is given as a tuple."""
    return _field(_Variable(name, lambda raw: tuple(word.strip() for word in raw.split(",") if word.strip()), ""))


def load(kind: type[_T], environment: Mapping[str, str]) -> _T:
    """Fill the settings dataclass `kind` from `environment`.

    A variable that is set to nothing counts as not set: that is what an empty key of a ConfigMap means.

    Raises:
        SettingsError: A variable is missing or wrong; all of them are named, secrets without their value.
    """
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]  # every settings class is a dataclass
        variable: _Variable = field.metadata[_MARK]
        raw = environment.get(variable.name) or variable.default
        if raw is None:
            wrong.append(f"{variable.name} is not set")
            continue
        try:
            values[field.name] = variable.parse(raw)
        except ValueError as error:
            wrong.append(f"{variable.name}: {error}, found {_shown(variable, raw)}")
    if wrong:
        raise SettingsError("; ".join(wrong))
    return kind(**values)


def load_or_exit(service: str, kind: type[_T], environment: Mapping[str, str] | None = None) -> _T:
    """Fill `kind` from the environment; what is wrong goes to standard error as one line, and the exit code is 2."""
    try:
        return load(kind, os.environ if environment is None else environment)
    except SettingsError as error:
        refuse(service, str(error))


def refuse(service: str, why: str) -> NoReturn:
    """End the process as a wrong setting does: one line on standard error, exit code 2."""
    print(f"{service}: wrong settings: {why}", file=sys.stderr)  # noqa: T201  # the logs are not set up yet
    raise SystemExit(EXIT_CODE)


def _field(variable: _Variable) -> Any:
    return dataclasses.field(repr=not variable.is_secret, metadata={_MARK: variable})


def _shown(variable: _Variable, raw: str) -> str:
    if variable.is_secret:
        return f"{len(raw.encode())} bytes"
    if raw.startswith("tcp://"):
        # https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
        return f"{raw!r} (Kubernetes sets it for the Service of that name: set enableServiceLinks to false in the pod)"
    return repr(raw)
