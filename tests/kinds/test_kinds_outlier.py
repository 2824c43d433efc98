"""Claims of outliers, massive neurons and layers within a band, on hand-set values."""

from __future__ import annotations

import json

import numpy as np
import pytest
from cases import for_each
from scipy.stats import binomtest

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.claim_files.reader import read_claim_file
from neuronclaims.kinds import templates
from neuronclaims.kinds.outliers.token_share import mean_share, mean_share_test, smallest_share_p
from neuronclaims.results import Selection
from neuronclaims.stats import EffectSize
from neuronclaims.study import Study

CONFIG = {"model_type": "gpt2", "n_layer": 4, "n_embd": 8, "n_head": 2, "n_positions": 64, "vocab_size": 9}
PROMPTS = [f"prompt {number}" for number in range(12)]
RNG = np.random.default_rng(4)
TOKENS = RNG.normal(size=(12, 4, 10, 8))
"""[prompts, layers, tokens, width]: normal noise, an outlier at index 2 of layers 1 and 2, a massive one at 3:5."""
TOKENS[:, 1, ::2, 2] = 33.0
TOKENS[:, 2, 0, 2] = -7.0
TOKENS[::2, 0, 0, 2] = 6.0
TOKENS[:11, 3, 4, 5] = -5000.0


def pooled(values: np.ndarray, pool: str) -> np.ndarray:
    """What the pools mean, for [prompts, tokens, width]."""
    if pool == "mean":
        return values.mean(1)
    if pool == "massive":
        size = np.abs(values)
        return ((size > 100) & (size >= 1000 * np.median(size, axis=2, keepdims=True))).mean(1)
    return (np.abs(values) >= float(pool.removeprefix("beyond "))).mean(1)


def measure(source, measurements, *, cache, options, progress):
    rows = {prompt: place for place, prompt in enumerate(PROMPTS)}
    return {
        m: pooled(TOKENS[[rows[p] for p in m.prompts], m.layer], str(m.tokens.pool)).astype(np.float32)
        for m in measurements
    }


@pytest.fixture
def judge(tmp_path):
    def judge(claim: str, group=lambda place: None, head: str = ""):
        (tmp_path / "model").mkdir(exist_ok=True)
        (tmp_path / "model" / "config.json").write_text(json.dumps(CONFIG))
        (tmp_path / "model" / "model.safetensors").write_bytes(b"")
        rows = [
            {"text": text, **({"group": group(place)} if group(place) else {})}
            for place, text in enumerate(PROMPTS)
        ]
        path = tmp_path / "x.claims.yaml"
        path.write_text(
            "version: 1\nmodels: [model]\nsite: resid_post\ntokens: last of prompt\n"
            f"{head}sets: {json.dumps({'prose': rows})}\nclaims:\n  - {claim}\n"
        )
        [result] = Study(measure=measure).judge(read_claim_file(path, templates()), "model").values()
        return result

    return judge


def others(result) -> dict[str, float]:
    return {effect.name: effect.value for effect in result.evidence.other_effects}


def test_an_outlier_is_judged_by_its_share_of_tokens_and_its_layers_are_counted(judge):
    result = judge("neuron 1:2 is an outlier beyond 6 in at least 6% of tokens in prose")
    assert result.verdict == "supported"
    assert result.evidence.effect.value == pytest.approx(0.5)
    # 5 of 10 tokens at layer 1, 1 of 10 at layer 2, half of that at layer 0 ("at least 6" takes 6 itself), none at 3.
    assert others(result)["share of layers in which this index passes"] == 0.5
    profile = TOKENS[:, 1].mean((0, 1))
    centred = profile - profile.mean()
    assert others(result)["kurtosis of the layer"] == pytest.approx(
        (centred**4).mean() / (centred**2).mean() ** 2, rel=1e-5
    )
    assert (result.evidence.rank.place, result.evidence.rank.among) == (1, 8)
    [figure] = result.evidence.figures
    assert [p.label for p in figure.points if p.marked] == ["1:2"]
    assert figure.points[2].y == pytest.approx(profile[2], rel=1e-5)
    assert len(figure.points) == 8


def test_a_neuron_that_stays_below_is_refuted(judge):
    assert judge("neuron 1:2 is an outlier beyond 6 in at least 70% of tokens in prose").verdict == "refuted"
    # twelve silent prompts leave a share of up to 1 - 0.025^(1/12) = 26 % open
    assert judge("neuron 1:3 is an outlier beyond 6 in at least 30% of tokens in prose").verdict == "refuted"
    assert (
        judge("neuron 1:3 is an outlier beyond 6 in at least 6% of tokens in prose").verdict == "inconclusive"
    )


def test_massive_is_counted_over_prompts_with_the_exact_binomial(judge):
    result = judge("neuron 3:5 is massive in prose")
    assert result.evidence.figures[0].bounds == (-100.0, 100.0)
    assert result.verdict == "supported"
    assert result.evidence.effect.value == pytest.approx(11 / 12)
    assert result.evidence.test.p_value == pytest.approx(2 * (1 + 12) / 2**12)
    assert judge("neuron 3:5 is massive in at least 90% of prompts in prose").verdict == "inconclusive"
    assert judge("neuron 1:2 is massive in prose").verdict == "refuted"  # 33 is an outlier, not massive


def test_that_a_neuron_is_seldom_beyond_is_the_same_share_seen_from_above(judge):
    quiet = judge("neuron 1:3 is not an outlier beyond 6 in more than 30% of tokens in prose")
    assert (quiet.verdict, quiet.evidence.effect.value) == ("supported", 0)
    assert quiet.evidence.test.p_value == pytest.approx(2 * 0.7**12)
    # no share below 22 % could be shown by twelve prompts, however silent
    few = judge("neuron 1:3 is not an outlier beyond 6 in more than 6% of tokens in prose")
    assert (few.verdict, few.evidence.test.p_value) == ("inconclusive", pytest.approx(2 * 0.94**12))
    assert few.evidence.test.smallest_p == pytest.approx(2 * 0.94**12)
    loud = judge("neuron 1:2 is not an outlier beyond 6 in more than 30% of tokens in prose")
    assert loud.verdict == "refuted"


def test_that_a_neuron_is_seldom_massive_is_the_exact_binomial_from_above(judge):
    claim = "neuron {} is not massive in more than {} of prompts in prose"
    result = judge(claim.format("1:2", "30%"))
    assert (result.verdict, result.evidence.test.p_value) == ("supported", pytest.approx(2 * 0.7**12))
    assert judge(claim.format("3:5", "30%")).verdict == "refuted"
    nearly = judge(claim.format("3:5", "95%"))
    assert nearly.evidence.test.p_value == pytest.approx(2 * binomtest(11, 12, 0.95, "less").pvalue)
    grouped = judge(claim.format("1:2", "70%"), group=lambda place: f"g{place % 4}")
    assert (grouped.verdict, grouped.evidence.test.p_value) == ("supported", pytest.approx(2 * 0.3**4))


def test_a_layer_within_a_band_is_counted_over_all_neurons_and_tokens(judge):
    result = judge("at least 60% of layer 1 lies within 4 of zero in prose")
    inside = (np.abs(TOKENS[:, 1]) < 4).mean((1, 2))
    assert result.evidence.effect.value == pytest.approx(inside.mean(), rel=1e-6)
    assert result.verdict == "supported"
    assert judge("at least 99% of layer 1 lies within 4 of zero in prose").verdict == "refuted"
    assert result.evidence.selection.what == "layer"
    assert result.evidence.notes[0] == Selection("beforehand", what="layer").assumed


def test_groups_are_the_units(judge):
    result = judge("neuron 3:5 is massive in prose", group=lambda place: f"g{place % 4}")
    # prompts 3, 7 and 11 form a group, of which 11 is not massive
    assert result.evidence.counts == (("prose", 4),)
    assert result.evidence.effect.value == pytest.approx((3 + 2 / 3) / 4)


def test_prompts_that_all_have_all_tokens_cannot_beat_what_chance_gives_them():
    ones = np.ones(10)
    test = mean_share_test(ones, null=0.9, alike=True, unit="prompt")
    assert test.p_value == pytest.approx(0.9**10)
    nearly = np.array([1.0] * 9 + [0.99])
    assert mean_share_test(nearly, null=0.9, alike=True, unit="prompt").p_value >= 0.9**10
    assert smallest_share_p(10, 0.9, alike=True) == pytest.approx(0.9**10)


@pytest.mark.parametrize("units", [12, 40])
@pytest.mark.parametrize("null", [0.06, 0.3, 0.9])
def test_where_all_tokens_of_a_prompt_go_together_the_test_is_no_bolder_than_the_binomial(units, null):
    for ones in range(1, units + 1):
        shares = np.repeat([1.0, 0.0], [ones, units - ones])
        p = mean_share_test(shares, null=null, alike=True, unit="prompt").p_value
        assert p >= binomtest(ones, units, null, "greater").pvalue * (1 - 1e-9)


@for_each("mean", [0.06, 0.3, 0.9])
@for_each("spread", [1, 5, 50])
def test_the_test_of_a_share_holds_its_level_on_beta_shares(mean, spread):
    rng = np.random.default_rng(1)
    draws = rng.beta(spread * mean, spread * (1 - mean), (3000, 20))
    for side in ("greater", "less"):
        wrong = np.mean(
            [
                mean_share_test(row, null=mean, alike=True, unit="prompt", side=side).p_value <= 0.05
                for row in draws
            ]
        )
        assert wrong <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 3000)


def test_test_and_interval_are_about_the_same_number():
    values = np.array([0.1, 0.3, 0.25, 0.4, 0.2, 0.15])
    found = mean_share(values, EffectSize("share", "share"))
    assert found.p_against(found.low) == pytest.approx(0.05, rel=1e-5)
    assert 2 * mean_share_test(values, null=found.low, alike=False, unit="prompt").p_value <= 0.05


@pytest.mark.parametrize(
    "claim",
    [
        "neuron 1:2 is an outlier beyond 0 in at least 6% of tokens in prose",
        "neuron 1:2 is an outlier beyond 6 in at least 100% of tokens in prose",
        "neuron 1:2 is not an outlier beyond 6 in more than 0% of tokens in prose",
        "neuron 1:2 is not massive in more than 100% of prompts in prose",
        "neuron 1:2 is not massive in prose",
        "at least 0% of layer 1 lies within 4 of zero in prose",
    ],
)
def test_numbers_that_cannot_be_tested_are_refused_where_they_stand(judge, claim):
    with pytest.raises(ClaimFileError):
        judge(claim)


def test_layers_that_are_not_there_and_picked_neurons_are_clear_errors(judge):
    assert "no layer 9" in judge("at least 80% of layer 9 lies within 4 of zero in prose").error
    with pytest.raises(ClaimFileError, match="test it on new prompts"):
        judge("neuron 1:2 is not massive in more than 50% of prompts in prose", head="searched: all layers\n")


@for_each(
    "head, many",
    [
        ("searched: layer 3\n", 8),
        ("searched: all layers\n", 4 * 8),
        ("searched: layers 2 to 3\n", 2 * 8),
    ],
)
def test_a_neuron_picked_on_these_prompts_pays_for_all_that_were_searched(judge, head, many):
    """Bonferroni; massive in 11 of 12 prompts, binomial."""
    result = judge("neuron 3:5 is massive in at least 10% of prompts in prose", head=head)
    p = binomtest(11, 12, 0.1, alternative="greater").pvalue
    assert result.evidence.test.p_value == pytest.approx(min(1, 2 * many * p), rel=1e-6)
    interval = binomtest(11, 12).proportion_ci(1 - 0.05 / many, method="exact")
    assert result.evidence.effect.low == pytest.approx(interval.low, rel=1e-6)
    assert (result.evidence.selection.how, result.evidence.selection.neurons) == ("searched", many)
    outlier = "neuron 1:2 is an outlier beyond 6 in at least 10% of tokens in prose"
    alone = judge(outlier).evidence.test.p_value
    picked = judge(outlier, head=head.replace("3", "1").replace("layers 2 to 1", "layers 0 to 1"))
    assert picked.evidence.test.p_value == pytest.approx(min(1, many * alone))
    assert picked.evidence.selection.neurons == many


def test_a_layer_is_not_searched_for_a_neuron(judge):
    result = judge("at least 50% of layer 1 lies within 4 of zero in prose", head="searched: all layers\n")
    assert "about a whole layer" in result.error
