"""The pieces reports are made of: plain data, text, numbers, drawings, the published schema."""

from __future__ import annotations

import json
import math
import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims.figures import Distributions, Row
from neuronclaims.foreign_text import fitting, one_line, visible
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.json import report as json_report
from neuronclaims.reports.markdown.job_summary import summary
from neuronclaims.reports.plain import from_plain, to_plain
from neuronclaims.reports.terminal.sketch import ASCII, BLOCKS, sketch
from neuronclaims.reports.terminal.writer import draw
from neuronclaims.reports.wording import (
    effect_texts,
    explanation,
    headline,
    number,
    p_value,
    selection_lines,
    tally,
)
from neuronclaims.results import Effect, Evidence, Rank, Result, Selection, Test

EFFECT = Effect("AUROC", 0.9, 0.8, 0.95, 0.95, "score", "auroc", "AUROC")
TEST = Test("exact permutation", "greater", 1.5, 0.01, 0.02, "holm", 2, 0.05, True, 70, 1 / 70, 0.0)
FIGURE = Distributions("resid_post 0:1", (Row("a", (1.0, 2.0)), Row("b", (0.0,))))
EVIDENCE = Evidence(
    effect=EFFECT,
    other_effects=(),
    test=TEST,
    unit="prompt",
    paired=False,
    counts=(("a", 2), ("b", 1)),
    rank=Rank(1, 9, "t"),
    selection=Selection("searched", ("layer 0",), neurons=9),
    notes=("a note",),
    figures=(FIGURE,),
)
UNSAID = "the file does not say how chosen; p holds only if before these prompts were seen."
RESULT = Result(
    id="x",
    model="m",
    sentence="neuron 0:1 activates more for a than b",
    kind="contrast",
    site="resid_post",
    tokens="last of prompt",
    file="f.claims.yaml",
    line=3,
    column=5,
    expect="supported",
    because=None,
    verdict="supported",
    reason="Because.",
    evidence=EVIDENCE,
)


def test_a_result_survives_json_unchanged() -> None:
    assert from_plain(json.loads(json.dumps(to_plain(RESULT), allow_nan=False))) == RESULT


@given(st.floats())
def test_only_finite_numbers_leave_as_numbers(value: float) -> None:
    odd = replace(RESULT, evidence=replace(EVIDENCE, effect=replace(EFFECT, value=value)))
    plain = json.loads(json.dumps(to_plain(odd), allow_nan=False))["evidence"]["effect"]["value"]
    assert plain == (value if math.isfinite(value) else None)


def test_the_published_schema_is_current() -> None:
    published = Path(json_report.__file__).with_name("claims-report.schema.json").read_text(encoding="utf-8")
    assert json.loads(published) == json_report.schema()


def test_a_report_appears_whole_or_not_at_all(tmp_path, monkeypatch) -> None:
    entries = (Entry("f.claims.yaml::m::x", "passed", RESULT),)
    path = json_report.write_json(tmp_path / "new" / "folder", Account(entries))
    before = path.read_text()

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(json_report.ReportError, match="could not be written: No space left on device"):
        json_report.write_json(tmp_path / "new" / "folder", Account(()))
    assert path.read_text() == before
    assert os.listdir(path.parent) == ["claims.json"]


@given(st.text())
def test_visible_text_has_nothing_a_terminal_obeys_and_ordinary_text_is_left_alone(text: str) -> None:
    shown = visible(text)
    assert not any(
        (ord(c) < 32 and c != "\n") or 127 <= ord(c) < 160 or c in "\u202e\u2066\u2028\ufeff" for c in shown
    )
    assert len(one_line(text).splitlines()) <= 1
    ordinary = "".join(c for c in text if c.isalnum())
    assert visible(ordinary) == ordinary
    assert fitting(shown, "ascii").isascii()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.50"),
        (0.0995, "0.10"),
        (0.05, "0.050"),
        (0.00101, "0.001"),
        (0.00016, "1.6e-4"),
        (0.0, "< 1e-300"),
        (1.0, "1.00"),
    ],
)
def test_p_values_read_as_in_papers(value: float, text: str) -> None:
    assert p_value(value) == text


@given(st.floats(min_value=1e-3, max_value=9e4))
def test_a_number_shown_is_the_number_to_two_digits(value: float) -> None:
    assert float(number(value)) == pytest.approx(value, rel=0.06)
    assert float(number(-value, signed=True)) == pytest.approx(-value, rel=0.06)
    assert number(value, signed=True).startswith("+")


def test_effects_stand_in_columns_and_say_where_they_have_no_interval() -> None:
    none = Effect("Hedges' g", None, None, None, 0.95, "none", "hedges_g", "g", True)
    assert effect_texts([EFFECT, none]) == ["AUROC 0.90 [0.80, 0.95]", "g        ?"]
    assert effect_texts([none]) == ["g ? [no interval]"]
    assert effect_texts([none], fact=True) == ["g ?"]


@given(
    st.text(alphabet="abc ", min_size=1, max_size=60).filter(str.strip),
    st.floats(-1e9, 1e9),
    st.integers(34, 80),
)
def test_effects_keep_their_numbers_whole_within_any_width(name: str, value: float, width: int) -> None:
    effects = [Effect(name, value, value - 1, value + 1, 0.95, "x"), EFFECT]
    lines = effect_texts(effects, width=width)
    assert max(map(len, lines)) <= width
    assert any(f"[{number(value - 1)}, {number(value + 1)}]" in line for line in lines)
    assert " ".join(" ".join(lines).split()).startswith(" ".join(name.split()))


def test_an_explanation_is_the_reason_or_the_error() -> None:
    result = replace(RESULT, reason="The AUROC is 0.3, below 0.5.")
    assert explanation(result) == result.reason
    broken = replace(result, verdict=None, evidence=None, error="No such neuron.")
    assert explanation(broken) == "No such neuron."


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20), min_size=1, max_size=3), st.booleans()
)
def test_a_drawing_shows_every_value_and_compares_rows(rows: list[list[float]], plain: bool) -> None:
    figure = Distributions("x", tuple(Row(str(place), tuple(row)) for place, row in enumerate(rows)))
    drawn = sketch(figure, bins=10, ascii_only=plain)
    ramp = ASCII if plain else BLOCKS
    low, high = min(map(min, rows)), max(map(max, rows))
    assert [label for label, _ in drawn] == [str(place) for place in range(len(rows))]
    for (_, bars), row in zip(drawn, rows, strict=True):
        filled = {min(int((v - low) / (high - low) * 10), 9) if high > low else 0 for v in row}
        assert len(bars) == 10
        assert {place for place, bar in enumerate(bars) if bar != ramp[0]} == filled
    assert any(ramp[-1] in bars for _, bars in drawn)


def test_the_tally_says_whether_the_session_fails() -> None:
    refuted = replace(RESULT, verdict="refuted")
    undecided = replace(RESULT, verdict="inconclusive")
    passed, failed = Entry("", "passed", RESULT), Entry("", "failed", refuted)
    assert tally([passed]) == "1 claim: 1 supported; all as expected"
    assert tally([passed, failed]) == "2 claims: 1 supported, 1 refuted; 1 not as expected"
    assert (
        tally([Entry("", "skipped", undecided)]) == "1 claim: 1 inconclusive; 1 not as expected, as allowed"
    )
    assert headline(Entry("", "passed", replace(refuted, expect="refuted"))) == ("refuted", "as expected")
    assert headline(Entry("", "failed", replace(RESULT, expect="refuted"))) == (
        "supported",
        "expected refuted",
    )
    assert headline(Entry("", "xfailed", refuted)) == ("refuted", "as xfail says")


def test_a_claim_that_fails_by_its_baseline_alone_says_so() -> None:
    weaker = Entry("a", "failed", RESULT, "weaker", "The AUROC fell from 0.9 to 0.6.")
    allowed = replace(weaker, outcome="passed")
    assert headline(weaker) == ("supported", "weaker since the baseline")
    assert headline(allowed) == ("supported", "")
    assert (weaker.missed, allowed.missed) == (True, False)
    assert tally([weaker]) == "1 claim: 1 supported; 1 not as expected"
    assert "The AUROC fell from 0.9 to 0.6." in draw(Account((weaker,)), width=100, colour=False)
    assert "The AUROC fell from 0.9 to 0.6." in summary(Account((weaker,)))
    assert [
        claim["drift"]
        for claim in json_report.report(Account((weaker, Entry("b", "passed", RESULT))))["claims"]
    ] == [
        "weaker",
        None,
    ]


def chosen(name: str, *selection: Selection) -> list[Entry]:
    return [
        Entry(
            f"{name}{k}",
            "passed",
            replace(RESULT, id=f"{name}{k}", evidence=replace(EVIDENCE, selection=how)),
        )
        for k, how in enumerate(selection)
    ]


FITTED = Selection("discovered", ("a", "b"), prompts=9, what="direction")
BEFORE, LAYER = Selection("beforehand"), Selection("beforehand", what="layer")
SEVERAL = Selection("beforehand", what="neurons")
FOUND = Selection("discovered", ("a",), prompts=9)


@pytest.mark.parametrize(
    ("entries", "lines"),
    [
        (
            chosen("x", BEFORE),
            ["The neuron: " + UNSAID],
        ),
        (
            chosen("x", SEVERAL),
            ["The neurons: " + UNSAID],
        ),
        (
            chosen("x", BEFORE, SEVERAL),
            ["The neurons: " + UNSAID],
        ),
        (chosen("x", FITTED), ["The direction: fitted on other prompts, none of which is tested here."]),
        (
            chosen("x", LAYER, LAYER),
            ["The layers: " + UNSAID],
        ),
        (
            chosen("x", BEFORE, FITTED, FITTED, FOUND, SEVERAL, LAYER),
            [
                "The neuron of x3: found on other prompts, none of which is tested here.",
                "The neurons of x0, x4: " + UNSAID,
                "The directions: fitted on other prompts, none of which is tested here.",
                "The layer: " + UNSAID,
            ],
        ),
        (chosen("x", Selection("beforehand", what="")), []),
    ],
)
def test_what_a_claim_is_about_is_called_by_its_own_word(entries, lines) -> None:
    assert selection_lines(entries) == lines
