"""The top of the page: its head, what went wrong first, the plot of all effects, and the strips of earlier sessions."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest
from cases import for_each
from hostile import ATTACK, entry
from hypothesis import given
from hypothesis import strategies as st
from test_html_page import Reader, rendered

from neuronclaims.foreign_files import ForeignFileError
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.history import (
    FILE_NAME,
    History,
    PastClaim,
    PastSession,
    add_session,
    claim_name,
    read_history,
)
from neuronclaims.reports.html import write_html
from neuronclaims.reports.html.claim_view import ClaimView
from neuronclaims.reports.html.forest import forest
from neuronclaims.reports.html.forest.axis import EffectAxis
from neuronclaims.reports.html.head import date_words, models_of
from neuronclaims.reports.html.page import page
from neuronclaims.results import Effect, Plan


def with_effect(
    number: int, verdict: str = "supported", boundary: float | None = 0.0, **effect: Any
) -> Entry:
    one = entry("", number, verdict)
    said = {
        "name": "difference",
        "value": 1.0,
        "low": None,
        "high": None,
        "level": 0.95,
        "method": "",
        **effect,
    }
    evidence = replace(one.result.evidence, effect=Effect(**said), boundary=boundary, null=0.0)
    return replace(one, result=replace(one.result, evidence=evidence, site="mlp_post"))


def plot_of(*entries: Entry) -> Any:
    return forest([ClaimView(one) for one in entries])


def test_effects_of_one_unit_share_an_axis_and_those_not_as_expected_come_first() -> None:
    found = plot_of(
        with_effect(0, key="mean_difference", value=1.0, low=0.5, high=1.5),
        with_effect(1, "refuted", key="paired_mean_difference", value=-1.0, low=-2.0, high=-0.5),
        with_effect(2, key="auroc", value=0.75, low=0.5, high=1.0, boundary=0.5),
        with_effect(3, key="made_up", name="made up", value=3.0),
        with_effect(4, key="auroc", value=math.nan),
        entry("", 5, None),
    )
    assert [group.unit for group in found.groups] == ["AUROC", "activation, mlp_post", "made up"]
    assert found.without == 2
    auroc, activation, _ = found.groups
    assert [row.claim.result.id for row in activation.rows] == ["claim-1", "claim-0"]
    assert (
        {said: place for place, said in activation.ticks}["0"]
        == activation.null
        == activation.rows[0].boundary
    )
    wrong, right = activation.rows
    assert wrong.dot < activation.null < right.dot
    assert right.span[0] < right.dot < right.span[1]
    assert auroc.rows[0].boundary == pytest.approx(50)
    assert auroc.rows[0].dot == pytest.approx((auroc.rows[0].span[0] + auroc.rows[0].span[1]) / 2, abs=0.02)
    assert right.interval == "95 % interval 0.50 to 1.50"


def test_one_wide_interval_does_not_press_the_others_together() -> None:
    narrow = [
        with_effect(number, key="dz", value=number, low=number - 0.1, high=number + 0.1) for number in (1, 2)
    ]
    wide = with_effect(3, key="dz", value=1.5, low=-1e6, high=1e6)
    (group,) = plot_of(*narrow, wide).groups
    assert group.rows[1].dot - group.rows[0].dot > 15
    assert [row.cut for row in group.rows] == [(False, False), (False, False), (True, True)]


def test_among_many_claims_those_as_expected_are_folded() -> None:
    several = [
        with_effect(number, "refuted" if number == 7 else "supported", key="dz") for number in range(61)
    ]
    (group,) = plot_of(*several).groups
    assert ([row.claim.result.id for row in group.rows], len(group.folded)) == (["claim-7"], 60)
    assert plot_of(*several[:60]).groups[0].folded == []
    assert "60 as expected, in standard deviations" in rendered(several)


finite = st.floats(allow_nan=False, allow_infinity=False, width=32)


@given(st.lists(finite, min_size=1), st.lists(finite))
def test_every_effect_is_on_its_axis_in_order_and_some_round_numbers_are(
    marks: list[float], ends: list[float]
) -> None:
    scale = EffectAxis.over(marks, ends)
    assert not any(map(scale.beyond, marks))
    places = [scale.at(mark) for mark in sorted(marks)]
    assert places == sorted(places)
    assert 2 <= len(scale.ticks) <= 9
    assert all(0 <= place <= 100 for place, _ in scale.ticks)


def test_what_went_wrong_comes_first_with_its_reason_in_the_row() -> None:
    good, bad = entry("", 0), entry("", 1, "refuted")
    plan = Plan("So many show hardly anything.", ())
    result = replace(
        bad.result, reason=f"It is too small. {plan.said}", evidence=replace(bad.result.evidence, plan=plan)
    )
    text = rendered([good, replace(bad, result=result), entry("", 2, None)])
    table = text[text.index('<table id="rows"') : text.index('<p id="none"')]
    rows = re.findall(r"<tr data-claim.*?</tr>", table, re.DOTALL)
    assert [re.search("claim-.", row)[0] for row in rows] == ["claim-1", "claim-2", "claim-0"]
    assert '<span class="why">It is too small.</span>' in rows[0]
    assert '<span class="why">No such neuron. </span>' in rows[1]
    assert "why" not in rows[2]
    assert "3 claims: 1 supported, 1 refuted, 1 broken (2 of them not as expected, above)" in table
    assert plan.said not in text


def test_the_head_says_when_with_what_and_on_which_model() -> None:
    account = Account((entry(), replace(entry("", 1), result=replace(entry().result, fingerprint="cd" * 32))))
    assert [(model.name, model.short) for model in models_of(account)] == [
        ("model", "ab" * 6),
        ("model", "cd" * 6),
    ]
    text = " ".join(Reader(rendered([entry()])).texts)
    assert "1 January 2026, 00:00 UTC · neuronclaims 1 · " in text
    assert "ab" * 6 in text
    assert date_words("2026-03-01T23:30:00-05:00") == "2 March 2026, 04:30 UTC"
    assert date_words("never") == "never"


def session(day: int, **claims: str) -> PastSession:
    known = {name: PastClaim(word, word != "supported") for name, word in claims.items()}
    return PastSession(f"2026-02-{day:02}T08:00:00+00:00", f"0.{day}", True, {"m": ("ef" * 32,)}, known)


def test_a_strip_shows_each_claim_over_the_last_sessions_changed_ones_first() -> None:
    name, other = claim_name(entry("", 0)), claim_name(entry("", 1))
    history = History(
        (session(1, **{name: "refuted", "gone": "supported"}), session(2, **{other: "supported"})), (7,)
    )
    account = Account((entry("", 0), entry("", 1)), made="2026-03-01T00:00:00+00:00")
    text = page(account, environment={"neuronclaims": "1"}, commits={}, history=history)
    part = text[text.index('<section aria-labelledby="past">') : text.index('<div id="claims"')]
    changed, steady, sessions = re.findall(r"<table.*?</table>", part, re.DOTALL)
    rows = [
        re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row)
        for row in re.findall(r"<tr>(.*?)</tr>", changed + steady)
    ]
    marks = {re.sub("<.*?>", "", row[0]): row[1:] for row in rows if row[0] != "claim"}
    assert marks == {name: ["✗", "–", "✓"], other: ["–", "✓", "✓"], "gone": ["✓", "–", "–"]}
    assert name in changed
    assert ["1 February 2026, 08:00 UTC", "0.1", f"m {'ef' * 6}"] == re.findall(
        "<td.*?>(.*?)</td>", sessions
    )[8:11]
    assert "1 line of history.jsonl could not be read" in part
    assert changed.count('<col class="other">') == 2
    assert 'aria-labelledby="past"' not in rendered([entry()])


HOSTILE = ATTACK.replace("\ud800", "")


def test_what_a_history_says_is_text(tmp_path) -> None:
    was = PastSession(
        "2026-02-01T08:00:00+00:00",
        HOSTILE,
        False,
        {HOSTILE: (HOSTILE,)},
        {HOSTILE: PastClaim(None, True, HOSTILE)},
    )
    add_session(tmp_path / FILE_NAME, was)
    assert read_history(tmp_path / FILE_NAME).sessions == (was,)
    found = Reader(write_html(tmp_path, Account((entry(),))).read_text(encoding="utf-8"))
    names = {name for _, attributes in found.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")} | names & {"src", "srcdoc"}
    assert len(found.tags("img")) == 0
    assert "</script><script>window.hacked=1</script>" in "".join(found.texts)


@for_each("text", [b"\xff", b"x" * 10])
def test_a_page_is_written_whatever_stands_where_its_history_should(tmp_path, text: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(text)
    if text == b"\xff":
        with pytest.raises(ForeignFileError):
            read_history(tmp_path / FILE_NAME)
    assert "<h1>" in write_html(tmp_path, Account((entry(),))).read_text(encoding="utf-8")
