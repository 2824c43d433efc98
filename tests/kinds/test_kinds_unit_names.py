"""The names of values in figures: each is that of the prompt or group whose value stands beside it."""

from __future__ import annotations

import numpy as np
import pytest
from small_world import SETS, judged, value
from test_kinds_activity import STATES, judge, mean_direction  # noqa: F401

from neuronclaims.figures import Row
from neuronclaims.kinds.unit_names import MOST, unit_names
from neuronclaims.language import Prompt


def distributions(result):
    return next(figure for figure in result.evidence.figures if figure.kind == "distributions")


@pytest.mark.parametrize("sets", [("up", "down"), ("down", "few"), ("ups", "downs"), ("high", "low")])
def test_each_value_of_a_contrast_is_named_by_its_prompt(tmp_path, sets) -> None:
    [result] = judged(tmp_path, f"neuron 1:2 activates more for {sets[0]} than {sets[1]}")
    for name, row in zip(sets, distributions(result).rows, strict=True):
        texts = [entry if isinstance(entry, str) else entry["text"] for entry in SETS[name]]
        assert sorted(row.names) == sorted(texts)
        assert row.values == tuple(value(text, 1, 2) for text in row.names)


def test_a_group_is_named_by_its_first_prompt_and_says_how_many_it_has(tmp_path, monkeypatch) -> None:
    ups = [{"text": f"up {x}", "group": "one" if x in "ab" else f"up {x}"} for x in "abcdef"]
    monkeypatch.setitem(SETS, "grouped", ups)
    monkeypatch.setitem(SETS, "apart", [{"text": f"down {x}", "group": f"down {x}"} for x in "abcdef"])
    [result] = judged(tmp_path, "neuron 1:2 activates more for grouped than apart")
    row = distributions(result).rows[0]
    named = dict(zip(row.names, row.values, strict=True))
    both = (value("up a", 1, 2) + value("up b", 1, 2)) / 2
    assert named["up a (and 1 more of its unit)"] == pytest.approx(both)
    assert named["up c"] == value("up c", 1, 2)


def test_each_value_of_a_consistency_is_named_by_its_prompt(tmp_path) -> None:
    [result] = judged(
        tmp_path, "neuron 1:2 is among the top 3 neurons for up over down in at least 10% of prompts"
    )
    mean = np.mean([value(text, 1, 2) for text in SETS["down"]])
    up = distributions(result).rows[0]
    assert sorted(up.names) == sorted(SETS["up"])
    assert up.values == pytest.approx([value(text, 1, 2) - mean for text in up.names])


def test_each_value_of_an_activity_is_named_by_its_prompt(judge) -> None:  # noqa: F811
    result = judge(
        "{claim: honesty activity is lower for lie than truth in layer 1, score: raw}", neutral=None
    )
    for row in distributions(result).rows:
        expected = [STATES[text][-1, 1] @ mean_direction(1) for text in row.names]
        assert row.values == pytest.approx(expected, abs=1e-5)


def test_long_texts_are_cut_and_many_units_are_not_named() -> None:
    long = Prompt("x" * 5_000, "here")
    assert len(unit_names([long])[0]) == 100
    assert unit_names([Prompt(str(place), "here") for place in range(MOST + 1)]) == ()


def test_names_that_do_not_fit_their_values_are_refused() -> None:
    with pytest.raises(ValueError, match="2 names for 1 values"):
        Row("a", (1.0,), ("one", "two"))
