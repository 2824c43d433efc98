"""A source's number stands beside ours in the terminal, the page, explain, JSON and tables, and decides nothing."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from neuronclaims import Judgements, judge
from neuronclaims.publications import Publication, ReportedNumber
from neuronclaims.reports.frames import rows_of
from neuronclaims.reports.plain import from_plain, to_plain

SETS = {
    "hanoi": ["Tom flew to Hanoi.", "Hanoi is old.", "He took the train to Hanoi.", "He left Hanoi."],
    "baseline": ["The fox jumps.", "We painted the kitchen.", "He forgot old hats.", "She closed it."],
}
KEYS = {"site": "mlp_post", "tokens": "mean of prompt", "sets": SETS, "model": "demo"}
CLAIM = "neuron 2:340 activates more for hanoi than baseline"
SOURCE = {
    "title": "On <i>Hanoi</i>",
    "authors": ["A", "B", "C"],
    "year": 2024,
    "url": "https://example.org/x",
}
REPORTED = {"value": 12345.6, "unit": "<b>sd</b> of it", "place": "table 2"}


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Judgements, Judgements]:
    cache = tmp_path_factory.mktemp("cache")
    told = {"claim": CLAIM, "reported": REPORTED, "id": "one"}
    return (
        judge([{"claim": CLAIM, "id": "one"}], cache=cache, **KEYS),
        judge([told], cache=cache, source=SOURCE, **KEYS),
    )


def test_the_number_of_a_source_is_no_input_of_the_verdict(both) -> None:
    (plain,), (told,) = both
    assert told.reported == ReportedNumber(12345.6, "<b>sd</b> of it", "table 2")
    assert told.source == Publication("On <i>Hanoi</i>", ("A", "B", "C"), 2024, "https://example.org/x")
    without = replace(told, reported=None, source=None, line=plain.line, column=plain.column, file=plain.file)
    assert to_plain(without) == to_plain(plain)
    assert told.evidence.test.p_value == plain.evidence.test.p_value


def test_it_survives_json_and_stands_in_tables(both) -> None:
    _, (told,) = both
    back = from_plain(json.loads(json.dumps(to_plain(told))))
    assert (back.source, back.reported) == (told.source, told.reported)
    (row,) = rows_of([told])
    assert (row["reported"], row["reported_place"]) == (12345.6, "table 2")
    assert row["source"] == 'A et al. 2024, "On <i>Hanoi</i>"'


def test_explain_says_both_numbers_and_that_one_decides_nothing(both) -> None:
    (plain,), (told,) = both
    said = " ".join(str(told.explain()).split())
    assert 'It comes from A et al. 2024, "On <i>Hanoi</i>", https://example.org/x.' in said
    assert "12345.6 <b>sd</b> of it (table 2). It had no part in the verdict" in said
    assert "It had no part" not in str(plain.explain())


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS"):
        monkeypatch.delenv(name, raising=False)
    content = {
        "version": 1,
        "models": ["demo"],
        "site": "mlp_post",
        "tokens": "mean of prompt",
        "source": SOURCE,
        "sets": SETS,
        "claims": [{"claim": CLAIM, "reported": REPORTED}],
    }
    (pytester.path / "x.claims.yaml").write_text(json.dumps(content), encoding="utf-8")
    return pytester.runpytest_inprocess("-p", "neuronclaims.plugin", "-v", "--claims-report=r")


def test_the_terminal_and_the_page_show_it_beside_what_was_found(session, pytester: pytest.Pytester) -> None:
    session.stdout.fnmatch_lines(
        ['*Source: A et al. 2024, "On <i>Hanoi</i>".*', "*Reported: 12345.6 <b>sd</b> of it*"]
    )
    session.stdout.fnmatch_lines(["*Found here: diff. +*"])
    page = (pytester.path / "r" / "index.html").read_text(encoding="utf-8")
    assert '<a href="https://example.org/x" rel="noreferrer">' in page
    assert "&lt;b&gt;sd&lt;/b&gt; of it (table 2)" in page
    assert "<b>sd</b>" not in page
    assert page.index("12345.6") < page.index("here</th>")
