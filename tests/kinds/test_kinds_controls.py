"""Controls of neurons that are changed together: random lists, outlier dimensions, and both claims side by side."""

from __future__ import annotations

import json
from functools import partial

import numpy as np
import pytest
import small_world
from changed_claims import claim_file, one_writer
from noisy_changes import ASKED, GAINS, NOISE, PROMPTS, WHOLE, answer, judged_in, others
from skewed import mean_interval

from neuronclaims import stats
from neuronclaims.kinds.outliers.outlier_dimensions import LargeValues
from neuronclaims.kinds.shared.two_samples import LayerSamples
from neuronclaims.measurements.changing.controls import Controls
from neuronclaims.sentences.subjects.neurons import Neuron
from neuronclaims.study import Study


@pytest.fixture
def judge(tmp_path):
    return partial(judged_in, tmp_path)


@pytest.mark.parametrize(
    "claim",
    [
        "ablating {} raises ' an' in text",
        "restoring {} recovers at least 1% of ' an' over ' a' in fruit",
    ],
)
@pytest.mark.parametrize("who", ["neuron 1:2", "neurons 1:2, 1:4, 0:5"])
def test_changed_neurons_stand_beside_random_ones_drawn_for_each_text(judge, claim, who):
    claim = claim.format(who)
    result = judge(claim, None)
    ablated = claim.startswith("ablating")
    [need] = [need for need in ASKED if isinstance(need, Controls)]
    lists = need.neurons(answer(need))[0]
    layers = [layer for layer, _ in need.need.neurons]
    gains = np.array([sum(GAINS[place] for place in zip(layers, each, strict=True)) for each in lists])
    own = sum(GAINS[place] for place in need.need.neurons)
    # In each text every neuron adds a multiple of the same noise, of either sign: those of larger multiples are
    # stronger where the noise is above 0, and where it is below they are the weaker ones.
    above, below = (NOISE > 0).sum(), (NOISE < 0).sum()
    strong = (above * (gains >= own).sum() + below * (gains <= own).sum()) / (PROMPTS * len(gains))
    beside = others(result)
    assert beside["share of random controls as strong"] == pytest.approx(strong)
    change = "mean change of the logit" if ablated else "share recovered"
    whole = 1 if ablated else WHOLE.mean()
    expected = (own - gains.mean()) * NOISE.mean() / whole
    assert beside[f"{change} beyond that by random neurons"] == pytest.approx(expected, rel=1e-4)
    [note] = [note for note in result.evidence.notes if note.startswith("Controls: ")]
    assert f": {round(strong * PROMPTS * len(gains))} of {PROMPTS * len(gains)}. The strongest" in note
    most = (NOISE[:, None] * gains).ravel().argmax() % len(gains)
    named = ", ".join(f"{layer}:{index}" for layer, index in zip(layers, lists[most], strict=True))
    assert f"The strongest single one: {named}, " in note
    rows = next(figure.rows for figure in result.evidence.figures[::-1] if hasattr(figure, "rows"))
    assert len(rows[1].values) == len(rows[1].names) == PROMPTS * len(gains)
    assert result.evidence.rank is None


def test_a_claim_of_more_than_random_neurons_do_is_one_of_the_differences(judge):
    end = "more than random neurons do"
    for claim in ("ablating neuron 1:3 raises ' an' in text", "ablating neuron 1:3 lowers ' an' in text"):
        plain, beyond = judge(claim, None), judge(f"{claim} {end}", None)
        [need] = [need for need in ASKED if isinstance(need, Controls)]
        gains = np.array([GAINS[1][index] for index in need.neurons(answer(need))[0, :, 0]])
        differences = (10 - gains.mean()) * NOISE
        assert beyond.error is None
        assert beyond.sentence == f"{claim} {end}".replace("'", '"')
        effect = beyond.evidence.effect
        assert effect.value == pytest.approx(differences.mean(), rel=1e-4)
        assert (effect.low, effect.high) == pytest.approx(mean_interval(differences), rel=1e-4)
        assert effect.name == "mean change of the logit beyond that by random neurons"
        assert beyond.evidence.test.p_value == pytest.approx(plain.evidence.test.p_value, rel=1e-3)
        assert others(beyond)["mean change of the logit"] == pytest.approx(10 * NOISE.mean(), rel=1e-4)
    more = judge("ablating neuron 1:3 raises ' an' in text by at least 20 more than random neurons do", None)
    assert more.verdict == "refuted"
    alike = judge(f"ablating neuron 1:5 does not change ' an' in text {end}", "0.5")
    assert (alike.verdict, alike.error) == ("supported", None)
    share = judge(f"restoring neuron 1:3 recovers at least 1% of ' an' over ' a' in fruit {end}", None)
    [need] = [need for need in ASKED if isinstance(need, Controls)]
    gains = np.array([GAINS[1][index] for index in need.neurons(answer(need))[0, :, 0]])
    assert share.evidence.effect.value == pytest.approx(
        (10 - gains.mean()) * NOISE.mean() / WHOLE.mean(), rel=1e-4
    )
    assert share.evidence.effect.name == "share recovered beyond that by random neurons"


def test_controls_that_a_layer_is_too_small_for_are_refused_with_what_to_do(judge):
    neurons = "neurons 1:0, 1:1, 1:2, 1:3, 1:4, 1:5, 1:6"
    assert (
        "Name fewer"
        in judge(f"ablating {neurons} raises ' an' in text more than random neurons do", None, "").error
    )


def test_without_controls_nothing_is_compared_and_the_note_says_so(judge):
    result = judge("ablating neuron 1:2 raises ' an' in text", None, "controls: none\n")
    assert not any(isinstance(need, Controls) for need in ASKED)
    assert "share of random controls as strong" not in others(result)
    assert any("'controls: none'" in note for note in result.evidence.notes)


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
        json.dumps(
            {
                "id": name,
                "claim": claim,
                **({"margin": margins[name]} if name in margins else {}),
                **({} if name == "jointly" else {"controls": "layer"}),
            }
        )
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
    assert others(results["jointly"])["share of random controls as strong"] == 0


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
