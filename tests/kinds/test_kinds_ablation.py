"""Claims of ablated neurons: on numbers set by hand, and on a tiny model in which one neuron writes one token."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
from changed_claims import FAKE_CONFIG, claim_file, judged_really, one_writer
from control_answers import controls_answer
from null_histograms import nulls_of, share_beyond
from skewed import mean_interval, mean_p

from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.measurements import Ablation, AblationSweep, Activations
from neuronclaims.measurements.changing.controls import Controls
from neuronclaims.study import Study

WIDTH = 4
PROMPTS, LEAST_P = 14, 0.8**14
"""The fewest prompts that show a mean at .05: the chance that they miss one prompt in five is .044, with 13 .055."""
BEFORE = np.array([3.0, 2.0, 4.0, 2.5, 3.5, 1.5, 2.0, 3.0, 2.5, 1.0, 3.5, 2.0, 4.5, 3.0])
CHANGE = -np.array([1.0, 0.5, 1.5, 0.75, 1.25, 0.5, 0.25, 1.0, 0.75, 1.25, 0.625, 0.875, 0.375, 1.125])
"""What ablating neuron 1:2 changes; its fellow 1:0 changes a tenth, 1:3 as much the other way, the others nothing."""
GAINS = {0: np.zeros(WIDTH), 1: np.array([0.1, 0.0, 1.0, -1.0])}
DIVERGENCE = {"text": 0.05, "harmed": 0.5, "fine": 0.01}
SIZES = {"text": PROMPTS, "harmed": 17, "fine": PROMPTS}
"""A claim of two parts is refuted by one of them at .025: 2 x 0.8^17 = .045."""
SETS = {name: [f"{name} {place}" for place in range(size)] for name, size in SIZES.items()}
SETS |= {"spare": ["Some", "Other"]}
HARM = 0.5 * (1 + np.arange(SIZES["harmed"]) / 10)


def answer(asked):
    if isinstance(asked, Controls):
        return controls_answer(asked, answer, WIDTH)
    if isinstance(asked, Activations):
        return np.zeros((len(asked.prompts), WIDTH), np.float32)
    assert asked.reference in ((), ("Other", "Some"))
    assert bool(asked.reference) == (str(asked.replacement) != "zero")
    names, rows = zip(*[prompt.split() for prompt in asked.prompts], strict=True)
    rows = np.array([int(row) for row in rows])
    before, change = BEFORE[rows % PROMPTS], CHANGE[rows % PROMPTS]
    if isinstance(asked, AblationSweep):
        return np.column_stack([before, before[:, None] + change[:, None] * GAINS[asked.layer]]).astype(
            np.float32
        )
    change = change * sum(GAINS[layer][index] for layer, index in asked.neurons)
    kl = np.array([DIVERGENCE[name] for name in names]) * (1 + rows / 10)
    chance = np.full(len(rows), 0.5)
    return np.stack([before, before + change, chance, chance + change / 10, kl], axis=1).astype(np.float32)


def measure(source, measurements, *, cache, options, progress):
    return {asked: answer(asked) for asked in measurements}


@pytest.fixture
def judge(tmp_path):
    def judge(
        claim: str = "neuron 1:2 lowers ' an' over ' a' in text",
        head: str = "",
        config=FAKE_CONFIG,
        sets=SETS,
    ):
        said = json.dumps("ablating " + claim.replace("'", '"'))
        file = claim_file(tmp_path, said, head=f"{head}sets: {json.dumps(sets)}\n", config=config)
        [result] = Study(measure=measure).judge(file, "model").values()
        return result

    return judge


def others(result) -> dict[str, float]:
    return {effect.name: effect.value for effect in result.evidence.other_effects}


def test_the_change_is_after_less_before_with_students_interval_and_all_sign_flips(judge):
    result = judge(head="controls: layer\n")
    effect = result.evidence.effect
    assert effect.value == pytest.approx(CHANGE.mean())
    assert (effect.low, effect.high) == pytest.approx(mean_interval(CHANGE), rel=1e-5)
    assert result.evidence.test.p_value == pytest.approx(LEAST_P)
    assert (result.evidence.test.exact, result.evidence.test.arrangements) == (True, 2**PROMPTS)
    assert result.verdict == "supported"
    assert (result.evidence.rank.place, result.evidence.rank.among) == (1, WIDTH)
    assert others(result)["mean change of the probability"] == pytest.approx(CHANGE.mean() / 10, rel=1e-5)
    assert others(result)["mean KL divergence on text (nats)"] == pytest.approx(0.05 * 1.65, rel=1e-5)
    assert any("harm elsewhere was not looked at" in note for note in result.evidence.notes)


def test_the_direction_and_the_least_change_are_part_of_the_claim(judge):
    assert judge("neuron 1:2 raises ' an' in text").verdict == "refuted"
    raised = judge("neuron 1:3 raises ' an' in text by at least 0.3", "controls: layer\n")
    assert (raised.verdict, raised.evidence.rank.place) == ("supported", 1)
    assert judge("neuron 1:2 lowers ' an' in text by at least 0.7").verdict == "inconclusive"
    assert judge("neuron 1:2 lowers ' an' in text by at least 2").verdict == "refuted"
    assert judge("neurons 1:2, 1:0 lowers ' an' in text").evidence.effect.value == pytest.approx(
        1.1 * CHANGE.mean()
    )


def test_a_neuron_that_changes_nothing_leaves_nothing_to_test(judge):
    result = judge("neuron 0:1 lowers ' an' in text")
    assert (result.verdict, result.evidence.test.p_value) == ("inconclusive", 1)
    assert "nothing to test" in result.reason


def test_what_breaks_the_model_does_not_count_where_harm_is_limited(judge):
    limited = "damage: {{set: {}, at_most: 0.1}}\n"
    fine = judge(head=limited.format("fine"))
    assert fine.verdict == "supported"
    assert fine.evidence.effect.name == "mean change of the difference of logits"
    assert others(fine)["mean KL divergence on fine (nats)"] == pytest.approx(0.01 * 1.65, rel=1e-5)
    broken = judge(head=limited.format("harmed"))
    assert broken.verdict == "refuted"
    assert broken.evidence.effect.name == "mean KL divergence on harmed (nats)"
    assert broken.evidence.effect.value == pytest.approx(HARM.mean(), rel=1e-5)
    # All differences from the limit agree, but so many prompts can miss others; two parts could have refuted the claim.
    assert broken.evidence.test.p_value == pytest.approx(2 * 0.8**17)
    assert others(broken)["mean change of the difference of logits"] == pytest.approx(CHANGE.mean())
    # Neither shown nor ruled out: the mean of the harm lies just below the limit, its interval does not.
    open_still = judge(head="damage: {set: harmed, at_most: 0.95}\n")
    assert open_still.verdict == "inconclusive"


def test_harm_in_one_prompt_alone_makes_its_mean_doubtful(judge, monkeypatch):
    monkeypatch.setitem(DIVERGENCE, "rare", 0.0001)
    monkeypatch.setitem(DIVERGENCE, "bad", 0.9)
    rare = [f"rare {place}" for place in range(13)] + ["bad 13"]
    result = judge(head="damage: {set: rare, at_most: 0.5}\n", sets=SETS | {"rare": rare})
    assert result.verdict != "refuted"
    assert any(note.startswith("On 'rare': ") for note in result.evidence.notes)


def test_harm_without_a_limit_is_reported_and_not_tested(judge):
    result = judge(head="damage: harmed\n")
    assert result.verdict == "supported"
    assert result.evidence.test.p_value == pytest.approx(LEAST_P)
    assert others(result)["mean KL divergence on harmed (nats)"] == pytest.approx(HARM.mean(), rel=1e-5)


def test_too_few_prompts_for_the_harm_are_too_few_for_the_claim(judge):
    result = judge(head="damage: {set: fine, at_most: 0.1}\n", sets=SETS | {"fine": ["fine 0", "fine 1"]})
    assert result.verdict == "inconclusive"
    assert result.evidence.test.p_value == pytest.approx(0.8**2)


def test_the_probability_can_be_what_is_claimed(judge):
    result = judge("neuron 1:2 lowers ' an' in text", head="outcome: probability\n")
    assert result.evidence.effect.value == pytest.approx(CHANGE.mean() / 10, rel=1e-5)
    assert others(result)["mean change of the logit"] == pytest.approx(CHANGE.mean())


def test_means_and_single_values_are_taken_from_a_set_that_must_be_named(judge):
    for replacement in ("mean", "resample"):
        result = judge(head=f"replacement: {replacement}\nreference: spare\n")
        assert result.verdict == "supported"
        assert any("'spare'" in note for note in result.evidence.notes)


def test_a_neuron_picked_on_these_prompts_is_held_against_all_that_were_searched(judge):
    alone, picked = judge(), judge(head="searched: all layers\n")
    assert picked.evidence.selection.neurons == 8
    assert picked.evidence.effect.level == pytest.approx(1 - 0.05 / 8)
    assert picked.evidence.effect.high > alone.evidence.effect.high
    # Which prompts are missed is the same for all neurons: that chance is not multiplied by their number.
    assert picked.evidence.test.p_value == alone.evidence.test.p_value == pytest.approx(LEAST_P)


FLIPS = np.array(list(product([1, -1], repeat=8)))
FEW = SETS | {name: SETS[name][:8] for name in ("text", "harmed")}
"""So few that a figure shows all flips; none of their means has a p below 0.8^8."""


def paired_t(differences: np.ndarray) -> np.ndarray:
    spread = differences.std(axis=-1, ddof=1) / np.sqrt(differences.shape[-1])
    return differences.mean(axis=-1) / np.where(spread > 0, spread, np.nan)


def test_the_null_of_a_change_is_every_flip_of_its_signs(judge):
    few = CHANGE[:8]
    for by, least in ((0.25, 0.8**8), (0.75, 0)):
        result = judge(f"neuron 1:2 lowers ' an' over ' a' in text by at least {by}", sets=FEW)
        p = 2 * share_beyond(nulls_of(result)[0], (FLIPS * few).mean(axis=1), low=True)
        p = 2 * np.mean((FLIPS * (few + by)).mean(axis=1) <= (few + by).mean())
        student = mean_p(few, -by)  # the interval's
        assert result.evidence.test.p_value == pytest.approx(max(p, student, least), rel=1e-6)
        assert (max(p, student) < 0.8**8) == (least > 0)


def test_the_null_of_a_neuron_picked_here_is_the_lowest_t_of_all_that_change_anything(judge):
    result = judge(head="searched: all layers\n", sets=FEW)
    [null] = nulls_of(result)
    assert null.axis == "lowest paired t of 3 neurons"
    assert null.observed == pytest.approx(paired_t(CHANGE[:8]), rel=1e-5)
    t = paired_t(FLIPS * CHANGE[:8])  # 1:0 has just that, and 1:3 the t with the other sign
    # 1:3 leads as clearly where all signs are flipped
    assert 2 * share_beyond(null, np.minimum(t, -t), low=True) == 4 / 2**8
    assert result.evidence.test.p_value == pytest.approx(0.8**8)  # once, not for each of the neurons


def test_the_null_of_harm_is_every_flip_of_what_it_is_above_the_limit(judge):
    result = judge(head="damage: {set: harmed, at_most: 0.6931}\n", sets=FEW)
    change, harm = nulls_of(result)
    above = HARM[:8].astype(np.float32).astype(float) - 0.6931
    p = share_beyond(harm, (FLIPS * above).mean(axis=1), low=True)
    assert change.observed == pytest.approx(CHANGE[:8].mean())
    student = mean_p(above)  # the interval's, the larger one here
    assert result.evidence.test.p_value == pytest.approx(max(2 * p, student), rel=1e-5)


def test_groups_are_the_units_and_order_changes_nothing(judge):
    rows = [{"text": f"text {place}", "group": "abcdefg"[place // 2]} for place in range(PROMPTS)]
    result = judge(sets=SETS | {"text": rows})
    assert (result.evidence.unit, result.evidence.counts) == ("group", (("text", 7),))
    assert result.evidence.test.p_value == pytest.approx(LEAST_P)  # 7 groups, but of 14 prompts
    assert result.evidence == judge(sets=SETS | {"text": rows[::-1]}).evidence


def test_what_cannot_be_claimed_is_refused_where_it_stands(judge):
    for wrong in ("neurons 1:2 lowers ' an' in text", "neuron 1:2 lowers ' an' in text by at least 0"):
        with pytest.raises(ClaimFileError):
            judge(wrong)
    bert = {"model_type": "bert", "num_hidden_layers": 2, "hidden_size": 4, "num_attention_heads": 2}
    config = {**bert, "intermediate_size": 4, "max_position_embeddings": 64, "vocab_size": 9}
    assert "predicts no next token" in judge(config=config).error


def test_controls_are_a_few_for_each_text_or_the_whole_layer_or_none(tmp_path):
    from neuronclaims.kinds.interventions.changed.kind import ABLATION
    from neuronclaims.measurements import ModelFacts

    facts = ModelFacts("m", "gpt2", 2, {"resid_post": WIDTH}, causal=True)
    cases = (
        (
            "neuron 1:2",
            "sample",
            [2],
        ),  # of three others; so many leave 4 forwards a text, the upper of two layers
        ("neurons 1:2, 1:3", "sample", [1]),  # of four neurons, two are left to be drawn: one list
        ("neurons 1:1, 1:2, 1:3", "sample", []),
        ("neuron 1:2", "layer", [AblationSweep]),
        ("neuron 1:2", "none", []),
    )
    for who, how, controls in cases:
        claim = json.dumps(f'ablating {who} lowers " an" in text')
        [claim] = claim_file(tmp_path, claim, head=f"controls: {how}\nsets: {json.dumps(SETS)}\n").claims
        own, large, *rest = ABLATION.needs(claim, facts)
        assert (type(own), type(large)) == (Ablation, Activations)
        assert [need.count if isinstance(need, Controls) else type(need) for need in rest] == controls
        assert all(need.of == own for need in rest if isinstance(need, Controls))


WORDS = ("old", "new", "red", "blue", "small", "big", "green")
OPENINGS = [f"{article} {word}" for article in ("the", "a") for word in WORDS]
REAL = {
    "dogs": [f"{opening} dog" for opening in OPENINGS],
    "cats": [f"{opening} cat" for opening in OPENINGS],
}


def real(tmp_path, claim: str, head: str = ""):
    head = f"{head}sets: {json.dumps(REAL)}\n"
    return judged_really(tmp_path, json.dumps(f"ablating {claim}"), head, one_writer())


def test_without_the_neuron_that_writes_a_token_it_is_predicted_no_more(tmp_path):
    head = "controls: layer\ndamage: {set: cats, at_most: 0.01}\n"
    result = real(tmp_path, 'mlp_post neuron 0:3 lowers " tree" over " river" in dogs', head)
    assert (result.error, result.verdict) == (None, "supported")
    assert others(result)["mean KL divergence on cats (nats)"] == pytest.approx(0, abs=1e-6)
    [first, second] = result.evidence.figures[0].rows
    assert min(first.values) > 1
    np.testing.assert_allclose(second.values, 0, atol=1e-5)
    assert result.evidence.rank.place == 1


def test_without_a_dead_neuron_nothing_changes_and_nothing_is_shown(tmp_path):
    result = real(tmp_path, 'mlp_post neuron 0:0 lowers " tree" over " river" in dogs')
    assert (result.error, result.verdict) == (None, "inconclusive")
    assert result.evidence.effect.value == 0


def test_words_of_several_tokens_are_named(tmp_path):
    assert "tree house" in real(tmp_path, 'mlp_post neuron 0:3 lowers " tree house" in dogs').error


def test_searched_beside_the_claim_is_what_it_is_at_the_top_of_the_file(tmp_path):
    def result(head: str, beside: str):
        said = "ablating neuron 1:2 lowers ' an' over ' a' in text".replace("'", '"')
        claim = json.dumps({"claim": said} | ({"searched": beside} if beside else {}))
        file = claim_file(tmp_path, claim, head=f"{head}sets: {json.dumps(SETS)}\n")
        [result] = Study(measure=measure).judge(file, "model").values()
        return result

    for layers in ("layer 1", "all layers"):
        top, beside = result(f"searched: {layers}\n", ""), result("", layers)
        assert (beside.evidence.test, beside.evidence.effect) == (top.evidence.test, top.evidence.effect)
        assert beside.evidence.selection.how == "searched"
    with pytest.raises(ClaimFileError, match="lies in layer 1, which is not in what was searched, layer 0"):
        result("", "layer 0")
