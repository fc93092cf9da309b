"""Settings from the environment."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from ballotbox_common import settings
from ballotbox_common.settings import SettingsError, load, load_or_exit


@dataclass(frozen=True)
class Example:
    """One setting of each kind."""

    title: str = settings.text("TITLE", "Cats", at_most=8)
    password: str = settings.secret("PASSWORD", at_least_bytes=4)
    port: int = settings.port("PORT", 80)
    number: int = settings.integer("NUMBER", 5, at_least=-9, at_most=9)
    secure: bool = settings.flag("SECURE", default=True)
    level: str = settings.level()
    link: str = settings.web_address("LINK")
    origins: tuple[str, ...] = settings.words("ORIGINS")


GOOD = {"PASSWORD": "äxyz"}


def test_defaults() -> None:
    """What is not set has its default."""
    assert load(Example, GOOD) == Example("Cats", "äxyz", 80, 5, True, "info", "", ())  # noqa: FBT003  # one of each


def test_everything_set() -> None:
    """What is set is parsed."""
    environment = {
        "TITLE": "Tea",
        "PASSWORD": "abcd",
        "PORT": "65535",
        "NUMBER": "-9",
        "SECURE": "false",
        "LOG_LEVEL": "DEBUG",
        "LINK": "https://x.example/",
        "ORIGINS": "https://a.example, https://b.example,",
    }
    expected = (
        "Tea",
        "abcd",
        65535,
        -9,
        False,
        "debug",
        "https://x.example/",
        ("https://a.example", "https://b.example"),
    )
    assert load(Example, environment) == Example(*expected)


def test_an_empty_variable_counts_as_not_set() -> None:
    """An empty key of a ConfigMap gives the default."""
    assert load(Example, GOOD | {"PORT": "", "TITLE": ""}).port == 80


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("PORT", "0", "PORT: expected a whole number from 1 to 65535, found '0'"),
        ("PORT", "65536", "PORT: expected a whole number"),
        ("PORT", "8_0", "PORT: expected a whole number"),
        ("PORT", " 80", "PORT: expected a whole number"),
        ("PORT", "80.0", "PORT: expected a whole number"),
        ("PORT", "tcp://10.0.0.1:80", "set enableServiceLinks to false"),
        ("NUMBER", "--5", "NUMBER: expected a whole number from -9 to 9"),
        ("SECURE", "yes", "SECURE: expected true or false, found 'yes'"),
        ("LOG_LEVEL", "loud", "LOG_LEVEL: expected one of debug, info, warning, error"),
        ("TITLE", "too long a title", "TITLE: expected at most 8 printable characters"),
        ("TITLE", "a\nb", "TITLE: expected at most 8 printable characters, found 'a\\nb'"),
        ("LINK", "javascript:alert(1)", "LINK: expected an address that begins with http"),
    ],
)
def test_names_the_variable_what_was_expected_and_what_was_found(variable: str, value: str, complaint: str) -> None:
    """A wrong value is described."""
    with pytest.raises(SettingsError) as caught:
        load(Example, GOOD | {variable: value})
    assert complaint in str(caught.value)


def test_never_shows_a_secret() -> None:
    """A secret that is too short is described by its length, and a settings object does not print it."""
    with pytest.raises(SettingsError) as caught:
        load(Example, {"PASSWORD": "hä"})
    assert "hä" not in str(caught.value)
    assert "at least 4 bytes, found 3 bytes" in str(caught.value)
    assert "äxyz" not in repr(load(Example, GOOD))


def test_one_line_names_every_bad_variable(capsys: pytest.CaptureFixture[str]) -> None:
    """The process ends with exit code 2 and one line on standard error."""
    with pytest.raises(SystemExit) as caught:
        load_or_exit("example", Example, {"PORT": "x", "SECURE": "maybe"})
    line = capsys.readouterr().err
    assert caught.value.code == 2
    assert line.startswith("example: wrong settings: ")
    assert line.count("\n") == 1
    assert all(name in line for name in ("PASSWORD is not set", "PORT: ", "SECURE: "))
