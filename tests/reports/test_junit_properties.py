"""JUnit's properties: flat, rounded as claims.json is, and legal XML whatever users wrote."""

from __future__ import annotations

import re
from dataclasses import replace

from hostile import ATTACK, entry

from neuronclaims.reports.json.text import json_text
from neuronclaims.reports.junit import properties
from neuronclaims.reports.plain import to_plain

ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def test_hostile_text_is_visible_and_legal() -> None:
    found = dict(properties(entry(ATTACK).result, entry(ATTACK).name))
    for value in found.values():
        assert isinstance(value, (str, int, float))
        assert not ILLEGAL.search(str(value))
    assert r"\x1b[31mred\x1b[0m" in found["claims.sentence"]
    assert r"\u202eright-to-left" in found["claims.sentence"]


def test_numbers_are_those_of_the_report() -> None:
    plain = entry().result
    result = replace(
        plain, evidence=replace(plain.evidence, effect=replace(plain.evidence.effect, value=2 / 3))
    )
    found = dict(properties(result, entry().name))
    assert found["claims.effect"] == 0.666667
    assert '"value": 0.666667' in json_text(to_plain(result))
    assert found["claims.n"] == 17
