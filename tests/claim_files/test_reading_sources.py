"""Where claims come from and the number given there: read with errors that have a place, told, and never judged by."""

from __future__ import annotations

import re

import pytest
from toy_claims import CLAIM, HEAD, SETS

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.publications import FindingAccount, Publication, ReportedNumber

POST = "source: {title: A post, authors: [Neo, Miller], year: 2023, url: 'https://example.org/a-b'}\n"
NUMBER = "    reported: {value: 48.5, unit: '% of the logit difference', place: section 2}\n"
TOLD = f"""\
{HEAD}source:
  title: A post
  authors: Neo
  says: neurons are
  code: https://example.org
  known: a
  unknown: b
  doubtful: c
  checked: d
  ran: not run here
{SETS}claims:
  - {CLAIM}
  - id: second
    claim: neuron 3:17 activates less for hanoi than baseline
    source: {{title: Another}}
{NUMBER}"""


def test_a_claim_has_the_source_of_its_file_unless_it_gives_its_own(read):
    file = read(TOLD)
    assert file.source == FindingAccount(
        Publication("A post", ("Neo",)),
        "neurons are",
        "https://example.org",
        "a",
        "b",
        "c",
        "d",
        "not run here",
    )
    first, second = (claim.settings for claim in file.claims)
    assert (first.source, first.reported) == (Publication("A post", ("Neo",)), None)
    assert second.source == Publication("Another")
    assert second.reported == ReportedNumber(48.5, "% of the logit difference", "section 2")


def test_what_is_told_of_a_finding_is_no_part_of_what_is_tested(read):
    plain = f"{HEAD}{SETS}claims:\n  - id: one\n    claim: {CLAIM}\n"
    told = f"{HEAD}{POST}{SETS}claims:\n  - id: one\n    claim: {CLAIM}\n{NUMBER}"
    assert read(plain).digest == read(told).digest
    assert read(plain).claims[0].settings == read(told).claims[0].settings


WRONG = {
    "{value: many, unit: x, place: y}": ("'value' must be a number, not 'many'", "many"),
    "{value: .inf, unit: x, place: y}": ("'value' must be", ".inf"),
    "{value: 3, place: y}": ("the key 'unit' is missing in 'reported'", "{"),
    "{value: 3, unit: x, table: y}": ("unknown key 'table' in 'reported'", "table"),
    "3.5": ("'reported' must be a mapping of keys and values, not '3.5'", "3.5"),
}


@pytest.mark.parametrize("given", WRONG)
def test_a_wrong_number_is_an_error_with_its_place(read, given):
    said, at = WRONG[given]
    text = f"{HEAD}{SETS}claims:\n  - claim: {CLAIM}\n    reported: {given}\n"
    with pytest.raises(ClaimFileError, match=re.escape(said)) as caught:
        read(text)
    problem = next(each for each in caught.value.problems if said in each.message)
    lines = text.splitlines()
    assert lines[problem.place.line - 1][problem.place.column - 1 :].startswith(at)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("{authors: Neo}", "the key 'title' is missing"),
        ("{title: x, url: 'javascript:alert(1)'}", "an address begins with https://"),
        ("{title: x, url: 'https://a.b/\"onclick'}", "an address begins with https://"),
        ("{title: x, year: 23}", "'year' must be at least 1900"),
        ("{title: x, autors: y}", "unknown key 'autors'"),
    ],
)
def test_a_wrong_source_is_an_error(read, given, said):
    with pytest.raises(ClaimFileError, match=re.escape(said)):
        read(f"{HEAD}source: {given}\n{SETS}claims:\n  - {CLAIM}\n")


def test_what_only_a_file_tells_of_its_source_cannot_stand_in_a_claim(read):
    with pytest.raises(ClaimFileError, match="unknown key 'known'"):
        read(f"{HEAD}{SETS}claims:\n  - claim: {CLAIM}\n    source: {{title: x, known: y}}\n")
