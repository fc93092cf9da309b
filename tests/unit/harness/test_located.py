"""YAML with the line of each value; whatever a file says, a mistake in it is one line."""

from __future__ import annotations

import pytest

from harness import located
from harness.located import MappingError, Place, Reader

TEXT = """\
kind: Pod
spec:
  containers:
    - name: a
      image: x
---
---
kind: Other
"""


def test_places() -> None:
    """Each key and each item of a list stands on its own line; what is not there, on its parent's."""
    pod, other = located.parse(TEXT, "pod.yaml")
    assert pod.data == {"kind": "Pod", "spec": {"containers": [{"name": "a", "image": "x"}]}}
    assert pod.place("spec", "containers", 0, "image") == Place("pod.yaml", 5)
    assert pod.place("spec", "containers", 0) == Place("pod.yaml", 4)
    assert str(pod.place("spec", "volumes", 3)) == "pod.yaml:2"
    assert (other.data, other.place("kind").line) == ({"kind": "Other"}, 8)


def test_merge_keys() -> None:
    """What a merge key brings is there, and what stands beside it wins."""
    (document,) = located.parse("a: &a {x: 1, y: 2}\nb: &b\n  <<: *a\n  y: 3\nc: *a\nd: *b\n", "f")
    plain, replaced = {"x": 1, "y": 2}, {"x": 1, "y": 3}
    assert document.data == {"a": plain, "b": replaced, "c": plain, "d": replaced}
    assert document.place("b", "y").line == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: ]", "f:1: expected YAML, found "),
        ("a: 1\na: 2", "f:2: a: expected once, found twice"),
        ("x: 1\n? [1]\n: 2", "f:2: expected a plain key, found a list"),
        ("{}: 1", "f:1: expected a plain key, found a mapping"),
        ("x: 1\nd: 2024-13-45", "f:2: 2024-13-45: expected a timestamp, found month must be in 1..12"),
        ("d: !!int x", "f:1: x: expected a int, found "),
        ("d: !mine x", "f:1: expected YAML, found could not determine a constructor for the tag '!mine'"),
        ("d: \x00", "f:1: expected text, found "),
        ("a: &a [*a]", "f:1: expected a document with an end, found aliases without one"),
        ("a: &a {b: *a}", "f:1: expected a document with an end, found aliases without one"),
    ],
)
def test_mistake(text: str, said: str) -> None:
    """A mistake names file and line, and what was found there."""
    with pytest.raises(MappingError) as caught:
        located.parse(text, "f")
    assert str(caught.value).startswith(said)
    assert "\n" not in str(caught.value)


def test_aliases_that_multiply(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few lines that stand for billions of values are refused while there are still few."""
    monkeypatch.setattr(located, "_MOST_VALUES", 1000)
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(MappingError, match="aliases without one"):
        located.parse("\n".join(lines), "f")


class TestReader:
    """A document taken apart."""

    @staticmethod
    def of(text: str) -> Reader:
        """Return a reader of one document."""
        (document,) = located.parse(text, "f")
        return Reader(document)

    def test_takes_what_is_meant(self) -> None:
        """A mapping of known keys, a list's items, a string; nothing at all counts as empty."""
        reader = self.of("a: {x: s}\nb: [1, 2]\nc:\n")
        assert reader.mapping(("a",), {"x", "y"}) == {"x": "s"}
        assert reader.items(("b",)) == [("b", 0), ("b", 1)]
        assert reader.text(("a", "x")) == "s"
        assert (reader.mapping(("c",), {"x"}), reader.items(("c",))) == ({}, [])

    @pytest.mark.parametrize(
        ("ask", "said"),
        [
            (lambda reader: reader.mapping(("b",), {"x"}), r"f:2: b: expected a mapping, found \[1\]"),
            (lambda reader: reader.mapping(("a",), {"y", "z"}), "f:1: a.x: expected one of y, z, found 'x'"),
            (lambda reader: reader.items(("a",)), r"f:1: a: expected a list, found \{'x': 1\}"),
            (lambda reader: reader.text(("a", "x")), "f:1: a.x: expected a string, found 1; put it in quotes"),
        ],
    )
    def test_says_what_is_not(self, ask: object, said: str) -> None:
        """Anything else is named with its place."""
        assert callable(ask)
        with pytest.raises(MappingError, match=said):
            ask(self.of("a: {x: 1}\nb: [1]\n"))
