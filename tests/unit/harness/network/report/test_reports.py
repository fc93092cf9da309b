"""The four reports of one run: the same findings in each, and none of them quiet about a failure."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from rich.console import Console

from harness.network.check import check_offline
from harness.network.compare import Answer, compare
from harness.network.declared import read_declared
from harness.network.enforcement import Enforcement
from harness.network.evaluator import Evaluator
from harness.network.intent_reader import parse_intent
from harness.network.live import LiveFate
from harness.network.mutants import mutants
from harness.network.report.data import SCHEMA, data
from harness.network.report.html import html
from harness.network.report.junit import junit
from harness.network.report.symbols import SYMBOLS
from harness.network.report.terminal import show
from harness.network.report.write import write
from tests.unit.harness.network.conftest import INTENT, POLICIES, WORKLOADS

if TYPE_CHECKING:
    from pathlib import Path

    from harness.network.result import Run


def _run(policies: str = POLICIES, answers: dict[str, str] | None = None) -> Run:
    """Return a run of the shop that was tried; `answers` replaces what the probe saw of some flows."""
    intent = parse_intent(INTENT, "intent.yaml")
    declared = read_declared(WORKLOADS + policies, "shop.yaml")
    run = check_offline("shop", intent, declared)
    cells = [outcome.cell for outcome in run.outcomes]
    seen = {cell.id: Answer(cell.expected, 1.0) for cell in cells}
    seen |= {name: Answer(verdict, 2.0, "seen <so>") for name, verdict in (answers or {}).items()}
    page = next(mutant for mutant in mutants(declared.policies) if mutant.mutated is None)
    return replace(
        run,
        provider="embedded",
        outcomes=tuple(compare(cells, Evaluator(declared.policies), seen)),
        probing_s=1.5,
        enforcement=Enforcement(25.0, 20.0, {"timeout": 50}),
        live=(LiveFate(page, "page -> data:5432/TCP", "open", "timeout", 0.9, 0.1),),
    )


@pytest.fixture(scope="module")
def good() -> Run:
    """Give a run in which all agree."""
    return _run()


@pytest.fixture(scope="module")
def bad() -> Run:
    """Give a run with a disagreement, a dead target and a policy that is too wide."""
    wide = POLICIES.replace("ports: [{port: 80}]", "ports: [{port: 80, endPort: 90}]")
    dead = {f"{source} -> internet:80/TCP": "timeout" for source in ("page", "data", "elsewhere", "node")}
    return _run(wide, {"data -> page:80/TCP": "open", **dead})


def _text(run: Run, width: int) -> str:
    out = io.StringIO()
    show(run, Console(file=out, width=width, highlight=False))
    return out.getvalue()


@pytest.mark.parametrize("width", [50, 80, 200])
def test_the_terminal_shows_every_cell_at_any_width(good: Run, width: int) -> None:
    """Columns that do not fit go into a further table; none is cut off."""
    text = _text(good, width)
    marks = sum(text.count(symbol.character) for symbol in SYMBOLS) - len(SYMBOLS)
    # A plus also stands in the legend alone; the others are counted with it.
    assert marks == len(good.outcomes)
    assert "…" not in text


def test_the_terminal_says_what_failed(bad: Run) -> None:
    """Each failure is a line with the flow in it."""
    text = _text(bad, 400)
    assert "✗ data -> page:80/TCP: intent and policies say timeout, the probe saw open (seen <so>)" in text
    assert "data -> internet:80/TCP: timed out, but the target answered nobody" in text
    assert "universal check:" in text


def test_junit_has_a_case_for_each_flow_and_mutant(good: Run) -> None:
    """Every flow, the proof, every mutant and every live mutant is a case, and the counts are right."""
    suites = {suite.get("name"): suite for suite in ET.fromstring(junit(good)[junit(good).index("<testsuites") :])}  # noqa: S314
    assert len(suites["network.flows"]) == len(good.outcomes)
    assert len(suites["network.mutation"]) == len(good.score.fates)
    assert suites["network.flows"].get("failures") == suites["network.flows"].get("errors") == "0"
    assert suites["network.mutation"].get("skipped") == str(len(good.score.equivalents))


def test_junit_tells_failures_from_errors(bad: Run) -> None:
    """A disagreement is a failure, what proves nothing is an error, a counterexample is a failure."""
    suites = {suite.get("name"): suite for suite in ET.fromstring(junit(bad)[junit(bad).index("<testsuites") :])}  # noqa: S314
    cases = {case.get("name"): case for case in suites["network.flows"]}
    assert cases["data -> page:80/TCP"].find("failure") is not None
    assert cases["data -> internet:80/TCP"].find("error") is not None
    assert cases["page -> data:5432/TCP"].find("failure") is None
    assert int(suites["network.universal"].get("failures", "0")) == 1


@pytest.mark.parametrize("name", ["good", "bad"])
def test_json_is_what_its_schema_says(request: pytest.FixtureRequest, name: str) -> None:
    """The documented schema is met, by a run that passes and by one that fails."""
    run: Run = request.getfixturevalue(name)
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json.dumps(data(run))), schema)
    assert data(run)["passed"] == (name == "good")


def test_the_schema_describes_every_field(good: Run) -> None:
    """A field that the schema does not know is refused, so none can be added in silence."""
    schema = json.loads(SCHEMA.read_text())
    extra: dict[str, Any] = {**data(good), "surprise": 1}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(extra, schema)


class _Page(HTMLParser):
    """Collects what the tests look at; void elements aside, it checks that elements nest."""

    VOID = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.count: dict[str, int] = {}
        self.labels: list[str] = []
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.count[tag] = self.count.get(tag, 0) + 1
        if tag not in self.VOID:
            self.open.append(tag)
        self.labels += [value or "" for name, value in attrs if name == "aria-label"]
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_stands_alone(good: Run) -> None:
    """Elements nest, every cell opens to evidence and has a name in words, and nothing is loaded from anywhere."""
    page = _Page(html(good))
    assert page.open == []
    assert len(page.labels) == len(good.outcomes)
    assert "page -> data:5432/TCP: passes, as it should" in page.labels
    assert page.sources == []
    assert "script" not in page.count


def test_the_page_shows_what_failed(bad: Run) -> None:
    """Failures come first, text of others is escaped, and the counterexample's manifest is there."""
    text = html(bad)
    assert "What failed" in text
    assert "seen &lt;so&gt;" in text
    assert "seen <so>" not in text
    assert "name: counterexample-destination" in text
    assert "data -&gt; page:80/TCP: intent, policies and probe disagree" in text


def test_the_page_says_who_may_wear_a_label(good: Run) -> None:
    """What a label grants stands beside what keeps others from wearing it."""
    text = html(good)
    assert "What a label grants" in text
    assert "No account may make pods or workloads in shop" in text


def test_reports_are_written_beside_each_other(good: Run, tmp_path: Path) -> None:
    """One folder, three files, whatever was there before."""
    written = write(good, tmp_path / "a" / "b")
    assert sorted(path.name for path in written) == ["junit.xml", "matrix.html", "result.json"]
    assert all(path.stat().st_size > 1000 for path in written)


def test_an_empty_matrix_is_a_failure(good: Run) -> None:
    """Nothing compared is never a pass."""
    assert replace(good, outcomes=()).failures == ["nothing was compared: the matrix is empty"]


def test_an_unnoticed_live_mutant_is_a_failure(good: Run) -> None:
    """A policy that can be broken without the probe seeing it is told."""
    unseen = replace(good.live[0], noticed_s=None, seen="not there after 15 s")
    assert any("live mutant unnoticed" in line for line in replace(good, live=(unseen,)).failures)
