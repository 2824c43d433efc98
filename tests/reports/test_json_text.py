"""claims.json as text: what it says, and that it is fit to be read and compared."""

from __future__ import annotations

import json
import math
import re

import pytest
from hostile import ATTACK, ATTACKS, entry
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims.reports.account import Account
from neuronclaims.reports.json.report import report, write_json
from neuronclaims.reports.json.text import json_text, rounded
from neuronclaims.reports.plain import from_plain, to_plain

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(SCALARS, lambda x: st.lists(x) | st.dictionaries(st.text(), x), max_leaves=30)


def near(one: object, other: object) -> bool:
    if isinstance(one, float):
        return isinstance(other, float) and math.isclose(one, other, rel_tol=5.1e-6, abs_tol=0)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(near, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(map(near, one.values(), other.values()))
    return type(one) is type(other) and one == other


@given(VALUES)
def test_any_value_comes_back_with_its_order_and_six_digits(value: object) -> None:
    assert near(value, json.loads(json_text(value)))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_rounding_again_changes_nothing(value: float) -> None:
    assert rounded(rounded(value)) == rounded(value)
    assert len(re.sub(r"e.*|[-.]", "", repr(rounded(value))).strip("0")) <= 6


@given(st.text())
def test_nothing_a_terminal_obeys_stands_in_the_text(text: str) -> None:
    shown = json_text({"prompt": text})
    assert not re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]", shown
    )
    assert json.loads(shown)["prompt"] == text


def test_each_row_of_numbers_is_a_line_and_each_prompt_another() -> None:
    values = [k / 7 for k in range(200)]
    names = [f"A prompt about the number {k}, long enough for a line." for k in range(9)]
    lines = json_text(
        {"values": values, "names": names, "effect": {"low": 1 / 3, "high": 2 / 3}}
    ).splitlines()
    assert sum(line.startswith(' "values": [0.0, 0.142857, ') for line in lines) == 1
    assert [line.strip(' ,"') for line in lines if "A prompt about" in line] == names
    assert ' "effect": {"low": 0.333333, "high": 0.666667}' in lines
    changed = json_text(
        {"values": [0.5, *values[1:]], "names": names, "effect": {"low": 1 / 3, "high": 2 / 3}}
    )
    assert sum(map(str.__ne__, lines, changed.splitlines())) == 1


def test_hostile_text_comes_back_as_it_was(tmp_path) -> None:
    path = write_json(tmp_path, Account((entry(ATTACK),)))
    text = path.read_text(encoding="utf-8")
    assert not re.search("[\x1b\x07\x9b\u202e\u2066\u2028\ufeff]", text)
    claim = json.loads(text)["claims"][0]
    assert all(attack in claim["sentence"] for attack in ATTACKS)
    back = from_plain(
        {
            key: value
            for key, value in claim.items()
            if key not in ("name", "nodeid", "as_expected", "outcome", "drift")
        }
    )
    assert back.sentence == entry(ATTACK).result.sentence
    assert near(
        json.loads(json.dumps(to_plain(back))), json.loads(json.dumps(to_plain(entry(ATTACK).result)))
    )


@pytest.mark.parametrize(
    ("missing", "interrupted", "said"),
    [
        ((), False, ""),
        ((), True, ""),
        (("b",), False, "partial: 1 of 2 claims have a result"),
        (("b", "c"), True, "partial: the run was interrupted after 1 of 3 claims"),
    ],
)
def test_a_report_is_complete_when_no_claim_is_missing(missing, interrupted, said) -> None:
    account = Account((entry(),), missing, interrupted)
    found = report(account)
    assert account.partial == said
    assert found["complete"] is (not missing)
    assert found["missing"] == list(missing)
    assert found["summary"]["missing"] == len(missing)
