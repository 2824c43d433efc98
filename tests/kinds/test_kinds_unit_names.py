"""The names of values in figures: each is that of the prompt or group whose value stands beside it."""

from __future__ import annotations

import base64
import gzip
import html
import json
import re
from dataclasses import replace

import numpy as np
import pytest
from small_world import SETS, claim_file, judged, measure, value
from test_kinds_activity import STATES, judge, mean_direction  # noqa: F401

from neuronclaims.claim_files.claims import Prompt
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.figures import Row
from neuronclaims.kinds import templates
from neuronclaims.kinds.shared.unit_names import MOST, unit_names
from neuronclaims.kinds.shared.unit_names import continuations_needed as asked_of
from neuronclaims.measurements import Activations, Continuations
from neuronclaims.reports.account import Account
from neuronclaims.reports.entry import Entry
from neuronclaims.reports.html.page import page
from neuronclaims.study import Study


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


WRITES = "tokens: mean of generated\ngenerate: {max_new_tokens: 5}"
ATTACK = "</script><script>window.hacked=1</script>"


def answered(source, measurements, **rest):
    """The values of the small world, and a continuation of every prompt that tells it from the others."""
    texts = [each for each in measurements if isinstance(each, Continuations)]
    asked = [each for each in measurements if isinstance(each, Activations)]
    written = {each: np.array([f" {ATTACK} {text} goes on" for text in each.prompts]) for each in texts}
    return measure(source, asked, **rest) | written


def written(tmp_path, claim: str, head: str = WRITES):
    head = head if head else "tokens: mean of prompt"
    path = claim_file(tmp_path, claim).path
    text = path.read_text(encoding="utf-8").replace("tokens: mean of prompt", head)
    path.write_text(text, encoding="utf-8")
    [result] = Study(measure=answered).judge(read_claim_file(path, templates()), "model").values()
    return result


@pytest.mark.parametrize(
    "claim",
    [
        "neuron 1:2 activates more for up than down",
        "neuron 1:2 activates more for ups than downs",
        "neuron 1:2 separates up from down with AUROC at least 0.6",
        "neuron 1:2 is among the top 3 neurons for up over down in at least 10% of prompts",
    ],
)
def test_what_the_model_wrote_stands_behind_each_prompt_and_changes_no_number(tmp_path, claim) -> None:
    result, silent = written(tmp_path, claim), written(tmp_path, claim, head="")
    row, alone = distributions(result).rows[0], distributions(silent).rows[0]
    assert row.names == tuple(f"{name} ⟶ {ATTACK} {name} goes on" for name in alone.names)
    assert row.values == alone.values
    assert (result.verdict, result.evidence.effect) == (silent.verdict, silent.evidence.effect)
    assert result.evidence.test == silent.evidence.test
    assert not [name for name in alone.names if "⟶" in name]


def test_both_texts_of_a_name_are_cut_and_an_empty_one_is_said_to_be_so() -> None:
    long, short = Prompt("x" * 5_000, "here"), Prompt("short", "here")
    names = unit_names([long, short], None, np.array(["y" * 5_000, " \n"]))
    assert names == (f"{'x' * 99}… ⟶ {'y' * 99}…", "short ⟶ (nothing: it ended at once)")
    grouped = unit_names([short, long, long], [[1, 2], [0]], np.array(["a", "b", "c"]))
    assert grouped == (f"{'x' * 99}… ⟶ b (and 1 more of its unit)", "short ⟶ a")


@pytest.mark.parametrize(("prompts", "asks"), [(MOST, True), (MOST + 1, False)])
def test_nothing_is_asked_for_what_no_figure_names(tmp_path, prompts, asks) -> None:
    claim = claim_file(tmp_path, "neuron 1:2 activates more for up than down", head="").claims[0]
    many = [Prompt(str(place), "here") for place in range(prompts)]
    settings = replace(claim.settings, tokens=replace(claim.settings.tokens, span="generated"), generate=5)
    assert bool(asked_of(settings, many)) is asks
    assert asked_of(claim.settings, many) == ()


def test_the_page_shows_a_continuation_as_text(tmp_path) -> None:
    result = written(tmp_path, "neuron 1:2 activates more for up than down")
    account = Account((Entry("a::b", "passed", result),))
    text = page(account, environment={"neuronclaims": "1"}, commits={})
    assert ATTACK not in text
    [packed] = re.findall(r'id="plots">(.*?)</script>', text)
    shared = gzip.decompress(base64.b64decode(packed)).splitlines()[0]
    told = {label for texts in json.loads(shared) for label in texts if "⟶" in label}
    assert not [label for label in told if set(label.replace("<br>", "")) & set("<>")]
    names = {name for row in distributions(result).rows for name in row.names}
    assert {html.unescape(label.replace("<br>", " ")) for label in told} == names
