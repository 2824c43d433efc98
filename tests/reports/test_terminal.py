"""The claims as drawn at the end of a run: whatever is in them, at every width."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from cases import for_each
from hostile import ATTACK, entry
from rich.cells import cell_len

from neuronclaims.figures import Distributions, Row
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.terminal.writer import draw
from neuronclaims.results import Effect
from neuronclaims.set_accounts import DataAccount, Frame, SetAccount

WIDTHS = (40, 60, 80, 100, 145, 146, 160, 200)
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


@for_each("width", WIDTHS)
@for_each("verbosity", [-1, 0, 1])
def test_hostile_text_is_shown_as_text_and_fits(width: int, verbosity: int) -> None:
    entries = tuple(entry(ATTACK, n, verdict) for n, verdict in enumerate(("supported", "refuted", None)))
    text = draw(Account(entries), width=width, colour=False, verbosity=verbosity)
    assert not UNSEEN.search(text)
    assert max(map(cell_len, text.splitlines())) <= width
    flowing = re.sub(r"\s+", "", text)
    assert "[bold]rich[/bold]:smile:" in flowing
    assert r"\x1b[31mred\x1b[0m" in flowing
    assert r"\u202eright-to-left" in flowing


def test_colour_adds_only_colour() -> None:
    account = Account((entry(ATTACK), entry("", 1, "refuted")), ("missing",), interrupted=True)
    plain, coloured = (draw(account, width=160, colour=colour) for colour in (False, True))
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain
    assert "\x1b" not in plain


@for_each("width", WIDTHS)
def test_no_number_is_broken_and_no_name_between_letters(width: int) -> None:
    effects = (
        Effect("mean change of the difference of logits", -1.72, -1.94, -1.5, 0.95, "t"),
        Effect("share of layers in which this index passes", 0.33, None, None, 0.95, "counted"),
    )
    shown = entry()
    evidence = replace(
        shown.result.evidence,
        effect=effects[0],
        other_effects=effects[1:],
        figures=(Distributions("x", (Row("hanoi", (1.0, 2.0)), Row("baseline", (0.0,)))),),
    )
    result = replace(shown.result, evidence=evidence, id="a-claim-with-a-name-of-many-syllables")
    text = draw(Account((replace(shown, result=result),)), width=width, colour=False)
    assert "-1.72 [-1.94, -1.50]" in text
    for word in ("difference", "logits", "layers", "a-claim-", "syllables", "separates", "baseline"):
        assert word in text, word
    assert "[no interval]" not in text


@for_each("width", WIDTHS)
def test_there_is_never_more_than_one_empty_line(width: int) -> None:
    verdicts = ("supported", "refuted", "inconclusive", None)
    entries = [entry("", number, verdict) for number, verdict in enumerate(verdicts)]
    moved = [replace(e, result=replace(e.result, file="g.claims.yaml")) for e in entries[::-1]]
    text = draw(Account((*entries, *moved)), width=width, colour=True)
    assert "\n\n\n" not in text
    assert "\n\n" in text


@pytest.mark.parametrize("width", [60, 100])
def test_in_a_list_only_verdicts_begin_a_line(width: int) -> None:
    long = "neuron 0:1 activates more for prompts_about_cities than prompts_about_flowers by at least 0.5 sd"
    shown = entry(verdict="refuted")
    entries = (replace(shown, result=replace(shown.result, sentence=long, evidence=None)), shown)
    lines = draw(Account(entries), width=width, colour=False).splitlines()
    beginnings = {line.split()[0] for line in lines[1:] if line and line[0] != " "}
    assert {"REFUTED", "2"} <= beginnings
    assert not beginnings & {"neuron", "prompts_about_flowers", "by", "sd"}


def with_sets(shown: Entry, *sets: SetAccount) -> Entry:
    return replace(shown, result=replace(shown.result, data=DataAccount(sets, ("3 of 7 are alike",))))


def test_near_copies_are_counted_once_for_a_file_and_told_in_full_with_v() -> None:
    frames = (Frame("the … of Hanoi", 3),)
    copies = SetAccount("hanoi", 7, frames=frames, units=7, units_with_frames=5)
    twice = SetAccount("twice", 4, same_words=1, units=4, units_with_frames=4)
    grouped = SetAccount("grouped", 7, near_copies=2, frames=frames, units=5, units_with_frames=5)
    shown = (with_sets(entry(), copies, grouped), with_sets(entry("", 1), copies, twice))
    for verbosity, told in ((-1, 0), (0, 1), (1, 0)):
        text = draw(Account(shown), width=120, colour=False, verbosity=verbosity)
        assert text.count("3 of 7 prompts of 'hanoi', 1 of 4 prompts of 'twice' (-v says which") == told
        assert "grouped" not in text
        assert ("3 of 7 are alike" in text) == (verbosity == 1)
    alone = draw(Account((with_sets(entry(), grouped),)), width=120, colour=False)
    assert "Near copies" not in alone
    many = [replace(twice, name=f"s{n}") for n in range(5)]
    text = draw(Account((with_sets(entry(), *many),)), width=120, colour=False)
    assert "1 of 4 prompts of 's0', 1 of 4 prompts of 's1', those of 3 more sets (" in text


def test_what_is_missing_is_said_last() -> None:
    account = Account(
        (entry(),), ("f.claims.yaml::model::other", "f.claims.yaml::model::third"), interrupted=True
    )
    lines = draw(account, width=100, colour=False).splitlines()
    assert lines[-1] == "Partial: the run was interrupted after 1 of 3 claims"
    assert "Partial" not in draw(Account((entry(),)), width=100, colour=False)
