"""Controls of neurons that are changed together: random lists, outlier dimensions, and both claims side by side."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
import small_world
from changed_claims import claim_file, one_writer
from noisy_changes import ASKED, GAINS, NOISE, WHOLE, judged_in, others

from neuronclaims import stats
from neuronclaims.kinds.outliers.outlier_dimensions import LargeValues
from neuronclaims.kinds.shared.two_samples import LayerSamples
from neuronclaims.measurements import Ablation, Restoration
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.study import Study


@pytest.fixture
def judge(tmp_path):
    return partial(judged_in, tmp_path)


@pytest.mark.parametrize(
    ("claim", "kind"),
    [
        ("ablating neurons 1:2, 1:3, 0:5 raises ' an' in text", Ablation),
        ("restoring neurons 1:2, 1:3, 0:5 recovers at least 1% of ' an' over ' a' in fruit", Restoration),
    ],
)
def test_neurons_changed_together_stand_among_random_lists_of_as_many_others_of_their_layers(
    judge, claim, kind
):
    result = judge(claim, None)
    first, *lists = [need.neurons for need in ASKED if isinstance(need, kind)]
    assert first == ((1, 2), (1, 3), (0, 5))
    assert len(lists) == len(set(lists)) == 20
    for each in lists:
        assert sorted(layer for layer, _ in each) == [0, 1, 1]
        assert len(set(each)) == 3
        assert not set(each) & set(first)
    # the others of layer 1 add up to 0.06 of the noise at most, the claim's to 11 times it
    assert others(result)["share of random lists as strong"] == 0
    scale = 1 if kind is Ablation else WHOLE.mean()
    median = np.median([sum(GAINS[place] for place in each) for each in lists]) * NOISE.mean() / scale
    assert others(result)["median of random lists"] == pytest.approx(median, rel=1e-4)
    assert any(note.endswith("as much or more: 0.") for note in result.evidence.notes)
    rows = result.evidence.figures[-1].rows
    assert (rows[0].label, len(rows[1].values)) == ("the claim's neurons", 20)
    again = [need.neurons for need in ASKED if isinstance(need, kind)]
    judge(claim.replace("1:2, 1:3, 0:5", "0:5, 1:3, 1:2"), None)
    assert [need.neurons for need in ASKED if isinstance(need, kind)][1:] == again[1:]


@pytest.mark.parametrize(
    "claim",
    [
        "ablating neurons {} raises ' an' in text",
        "restoring neurons {} recovers at least 1% of ' an' over ' a' in fruit",
    ],
)
def test_neurons_that_are_outlier_dimensions_are_named(judge, claim):
    result = judge(claim.format("1:2, 1:3"), None)
    [note] = [note for note in result.evidence.notes if "outlier dimension" in note]
    assert note.startswith("Neuron 1:3 (25 % of tokens) is an outlier dimension")
    assert others(result)["share of tokens beyond 6, the largest of the neurons"] == 0.25
    alone = judge(claim.replace("neurons", "neuron").format("1:2"), None)
    assert not any("outlier dimension" in note for note in alone.evidence.notes)
    assert others(alone)["share of tokens beyond 6"] == pytest.approx(0.05)


def test_where_a_layer_has_too_few_others_that_is_said(judge):
    many = ", ".join(f"1:{index}" for index in range(7))
    result = judge(f"ablating neurons {many} raises ' an' in text", None)
    assert any("too few other neurons" in note for note in result.evidence.notes)


WORDS = ("old", "new", "red", "blue", "small", "big", "green")
OPENINGS = [" ".join((first, *WORDS[:count])) for first in ("the", "a", "one") for count in range(1, 8)]
"""21 texts are the fewest that show means in a file of five claims: 5 x 0.8^21 = .046."""
REAL = {animal: [f"{opening} {animal.rstrip('s')}" for opening in OPENINGS] for animal in ("dogs", "cats")}


def varied_writer():
    """The model in which neuron 0:3 writes "tree" after "dog", a little less clearly the longer a text is."""
    import torch

    loaded = one_writer()
    with torch.no_grad():
        positions = loaded.model.transformer.wpe.weight
        positions[:, 9] = torch.arange(len(positions)) / 20
        positions[:, 10] = -positions[:, 9]
    return loaded


def test_sufficiency_and_necessity_of_the_same_neuron_stand_side_by_side_in_one_file(tmp_path):
    pairs = [{"clean": dog, "corrupted": cat} for dog, cat in zip(REAL["dogs"], REAL["cats"], strict=True)]
    head = f"sets: {json.dumps(REAL)}\npairs: {json.dumps({'swap': pairs})}\ndamage: {{set: cats, at_most: 0.01}}\n"
    margins = {"denied": "0.5", "dead": "0.1"}
    said = {
        "sufficient": 'restoring mlp_post neuron 0:3 recovers at least 90% of " tree" over " river" in swap',
        "necessary": 'ablating mlp_post neuron 0:3 lowers " tree" over " river" in swap',
        "denied": 'ablating mlp_post neuron 0:3 does not change " tree" over " river" in dogs',
        "dead": 'restoring mlp_post neuron 0:0 does not recover " tree" over " river" in swap',
        "jointly": 'ablating mlp_post neurons 0:1, 0:3 lowers " tree" over " river" in dogs',
    }
    entries = [
        json.dumps({"id": name, "claim": claim, **({"margin": margins[name]} if name in margins else {})})
        for name, claim in said.items()
    ]
    file = claim_file(tmp_path, "\n  - ".join(entries), head, model="handed")
    results = Study(models={"handed": varied_writer()}).judge(file, "handed")
    assert [result.error for result in results.values()] == [None] * 5
    assert {name: result.verdict for name, result in results.items()} == {
        "sufficient": "supported",
        "necessary": "supported",
        "denied": "refuted",
        "dead": "inconclusive",  # it recovers nothing, to the last digit: no spread, so no test
        "jointly": "supported",
    }
    # 0:3 alone is sufficient and necessary: of its layer it comes first in both, and no list without it does as much
    assert {results[name].evidence.rank.place for name in ("sufficient", "necessary")} == {1}
    assert others(results["jointly"])["share of random lists as strong"] == 0


def layers(shares, width: int = 40, prompts: int = 50):
    """Return values of a layer [2 x 25 prompts, neurons], of which each is beyond 6 in so many of the 50."""
    values = np.full((prompts, width), 5.99)
    for neuron, count in enumerate(shares):
        values[:count, neuron] = -6.0 if neuron % 2 else 6.0
    return LayerSamples(values[:25], values[25:], stats.two_sample_design([None] * 25, [None] * 25))


def test_a_compared_neuron_is_an_outlier_dimension_from_6_in_6_percent_of_values_on():
    large = LargeValues.of(layers([3, 2, 50, 0]))
    assert large.shares[:4] == pytest.approx([0.06, 0.04, 1.0, 0.0])
    assert large.estimate(0).value == 0.06
    [note] = large.notes(Neuron(4, 0))
    assert note.startswith(
        "Neuron 4:0 is an outlier dimension: beyond 6 in 6 % of the values compared, as one other of its layer's 40 "
        "neurons is."
    )
    assert large.notes(Neuron(4, 1)) == large.notes(Neuron(4, 3)) == ()


def test_where_more_than_a_tenth_of_a_layer_is_as_large_none_is_called_an_outlier():
    [note] = LargeValues.of(layers([50] * 4)).notes(Neuron(0, 0))
    assert "as 3 others of its layer's 40 neurons are" in note
    assert LargeValues.of(layers([50] * 5)).notes(Neuron(0, 0)) == ()
    [alone] = LargeValues.of(layers([50], width=3)).notes(Neuron(0, 0))
    assert "as no other of its layer's 3 neurons is" in alone


@pytest.mark.parametrize(
    "claim", ["neuron 2:1 activates more for up than down", "neuron 2:1 separates up from down"]
)
def test_claims_of_two_sets_say_so_at_no_further_measurement_and_in_the_residual_stream_alone(
    tmp_path, monkeypatch, claim
):
    monkeypatch.setitem(small_world.LIFTS, (2, 1), 7.0)
    [result] = small_world.judged(tmp_path, claim)
    assert others(result)["share of values beyond 6"] == 0.5
    assert any(note.startswith("Neuron 2:1 is an outlier dimension") for note in result.evidence.notes)
    [elsewhere] = small_world.judged(tmp_path, f"mlp_out {claim}")
    assert elsewhere.error is None
    assert "share of values beyond 6" not in others(elsewhere)
    assert not any("outlier dimension" in note for note in elsewhere.evidence.notes)
