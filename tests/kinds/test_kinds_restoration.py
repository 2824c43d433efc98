"""Claims of restored neurons: on numbers set by hand, and on a tiny model in which one neuron writes one token."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest
from changed_claims import FAKE_CONFIG, claim_file, judged_really, one_writer
from control_answers import controls_answer
from null_histograms import nulls_of, share_beyond
from skewed import mean_p

from neuronclaims import stats
from neuronclaims.claim_files.errors import ClaimFileError
from neuronclaims.measurements import Activations, Restoration
from neuronclaims.measurements.changing.controls import Controls
from neuronclaims.study import Study

WIDTH = 4
COUNT, LEAST_P = 14, 0.8**14
"""The fewest pairs that show a share at .05: the chance that they miss one in five is .044, with 13 .055."""
CLEAN = np.array([3.0, 2.0, 4.0, 2.5, 3.5, 1.5, 2.0, 3.0, 2.5, 1.5, 3.0, 4.0, 2.0, 3.5])
CORRUPTED = np.array([1.0, 0.5, 1.0, 0.5, 1.5, -0.5, 1.0, 0.5, 0.5, -0.5, 1.5, 1.0, 0.5, 1.5])
SHARES = np.array([0.6, 0.5, 0.7, 0.55, 0.65, 0.5, 0.6, 0.75, 0.45, 0.6, 0.5, 0.7, 0.55, 0.65])
"""What neuron 1:2 brings back of each pair; its fellows bring back a tenth of it, and layer 0 nothing at all."""
GAINS = {0: np.zeros(WIDTH), 1: np.array([0.1, 0.0, 1.0, -0.1])}
PAIRS = [{"clean": f"clean {place}", "corrupted": f"corrupted {place}"} for place in range(COUNT)]


IN_ORDER = np.argsort([pair["clean"] for pair in PAIRS])
"""Pairs come in the order of their texts."""


def answer(asked):
    if isinstance(asked, Controls):
        return controls_answer(asked, answer, WIDTH)
    if isinstance(asked, Activations):
        return np.zeros((len(asked.prompts), WIDTH), np.float32)
    rows = np.array([int(pair.clean.split()[1]) for pair in asked.pairs])
    assert [pair.corrupted for pair in asked.pairs] == [f"corrupted {row}" for row in rows]
    clean, corrupted = CLEAN[rows], CORRUPTED[rows]
    full = (SHARES * (CLEAN - CORRUPTED))[rows]
    if isinstance(asked, Restoration):
        gained = sum(GAINS[layer][index] for layer, index in asked.neurons)
        return np.stack([clean, corrupted, corrupted + gained * full], axis=1).astype(np.float32)
    alone = corrupted[:, None] + full[:, None] * GAINS[asked.layer]
    return np.column_stack([clean, corrupted, alone]).astype(np.float32)


def measure(source, measurements, *, cache, options, progress):
    ASKED[:] = [asked for asked in measurements if not isinstance(asked, Activations)]
    return {asked: answer(asked) for asked in measurements}


ASKED = []


@pytest.fixture
def judge(tmp_path):
    def judge(claim: str, head: str = "", pairs=PAIRS, config=FAKE_CONFIG):
        file = claim_file(
            tmp_path, claim, head=f"{head}pairs: {json.dumps({'fruit': pairs})}\n", config=config
        )
        [result] = Study(measure=measure).judge(file, "model").values()
        return result

    return judge


def sentence(neurons="neuron 1:2", share="30%") -> str:
    return f"restoring {neurons} recovers at least {share} of ' an' over ' a' in fruit".replace("'", '"')


def quoted(claim: str) -> str:
    return json.dumps(claim)


FLIPS = np.array(list(product([1, -1], repeat=COUNT)))
FEW = 8
"""So few pairs that a figure shows all flips; none of their means has a p below 0.8^8."""


def test_the_share_is_the_ratio_of_means_and_its_p_counts_all_sign_flips(judge):
    result = judge(quoted(sentence(share="50%")), "controls: layer\n")
    whole = CLEAN - CORRUPTED
    d = (SHARES - 0.5) * whole
    assert result.error is None
    assert result.evidence.effect.value == pytest.approx((SHARES * whole).sum() / whole.sum())
    reached = (FLIPS @ d >= d.sum() - 1e-9).mean()
    assert result.evidence.test.p_value == pytest.approx(max(LEAST_P, 2 * reached, mean_p(d)))
    close = judge(quoted(sentence(share="57%")))
    gained = (CORRUPTED + SHARES * whole).astype(np.float32) - CORRUPTED  # as a model measures it
    d = gained - 0.57 * whole
    reached = (FLIPS @ d >= d.sum() - 1e-9).mean()
    assert close.evidence.test.p_value == pytest.approx(max(2 * reached, mean_p(d)), rel=1e-4)
    assert close.evidence.test.p_value > LEAST_P
    assert result.verdict == "supported"
    assert (result.evidence.rank.place, result.evidence.rank.among) == (1, WIDTH)
    assert result.evidence.counts == (("fruit", COUNT),)


def test_fiellers_limits_are_those_at_which_a_t_test_just_fails(judge):
    effect = judge(quoted(sentence())).evidence.effect
    whole = CLEAN - CORRUPTED
    for limit in (effect.low, effect.high):
        assert mean_p(SHARES * whole - limit * whole) == pytest.approx(0.05, rel=1e-5)


def test_a_smaller_share_is_refuted_and_one_without_spread_is_never_supported(judge):
    assert judge(quoted(sentence(share="90%"))).verdict == "refuted"
    assert judge(quoted(sentence("neuron 1:0"))).verdict == "refuted"
    nothing = judge(quoted(sentence("neuron 0:1", share="0%")))
    assert (nothing.verdict, nothing.evidence.effect.value) == ("inconclusive", 0)
    assert nothing.evidence.test.p_value == 1


def test_a_sentence_without_a_number_claims_that_anything_returns(judge):
    def plainly(neuron: str, tail: str = "") -> str:
        return quoted(f'restoring neuron {neuron} recovers " an" over " a" in fruit{tail}')

    some, none, less = (judge(plainly(neuron)) for neuron in ("1:0", "0:1", "1:3"))
    d = 0.1 * SHARES * (CLEAN - CORRUPTED)
    assert (some.verdict, none.verdict, less.verdict) == ("supported", "inconclusive", "refuted")
    assert some.evidence.test.p_value == pytest.approx(max(LEAST_P, mean_p(d)), rel=1e-4)
    often = judge(plainly("1:3", " for at least 60% of pairs"))
    assert (often.evidence.effect.value, often.verdict) == (0, "refuted")


def test_several_neurons_are_restored_together(judge):
    result = judge(quoted(sentence("neurons 1:2, 1:0")))
    whole = CLEAN - CORRUPTED
    assert result.evidence.effect.value == pytest.approx(1.1 * (SHARES * whole).sum() / whole.sum())
    assert result.evidence.rank is None


def test_single_pairs_are_shown_beside_the_ratio_of_means(judge):
    evidence = judge(quoted(sentence()), "controls: layer\n").evidence
    others = {effect.name: effect.value for effect in evidence.other_effects}
    assert others["median of single pairs' shares"] == pytest.approx(np.median(SHARES))
    assert others["clean minus corrupted (logits)"] == pytest.approx((CLEAN - CORRUPTED).mean())
    few = judge(quoted(sentence()), "controls: layer\n", pairs=PAIRS[:FEW]).evidence
    assert sum(few.figures[-1].counts) == few.test.arrangements == 2**FEW
    points, table, null = evidence.figures
    assert null.observed == evidence.test.statistic
    [marked] = [point for point in points.points if point.marked]
    assert (marked.label, marked.y) == ("1:2", pytest.approx(evidence.effect.value))
    assert (marked.low, marked.high) == (evidence.effect.low, evidence.effect.high)
    assert points.points[0].y == pytest.approx(evidence.effect.value / 10, rel=1e-5)
    assert [row[-1] for row in table.rows] == [f"{100 * share:.3g} %" for share in SHARES[IN_ORDER]]


def test_groups_are_the_units(judge):
    for size, groups in ((2, 7), (3, 5)):
        pairs = [{**pair, "group": "abcdefg"[place // size]} for place, pair in enumerate(PAIRS)]
        result = judge(quoted(sentence()), pairs=pairs)
        assert (result.evidence.unit, result.evidence.counts) == ("group", (("fruit", groups),))
        # What may be missed are pairs, of which there are 14; signs are flipped of groups.
        assert result.evidence.test.p_value == pytest.approx(max(LEAST_P, 2 / 2**groups))


def test_order_of_pairs_changes_no_number(judge):
    assert judge(quoted(sentence())).evidence == judge(quoted(sentence()), pairs=PAIRS[::-1]).evidence


def test_the_nulls_are_every_flip_of_what_is_recovered_less_what_was_claimed(judge):
    whole, flips = (CLEAN - CORRUPTED)[:FEW], np.array(list(product([1, -1], repeat=FEW)))
    gains = np.concatenate([GAINS[0], GAINS[1]])
    differences = gains[:, None] * SHARES[:FEW] * whole - 0.3 * whole  # [neurons, pairs]
    alone = judge(quoted(sentence()), pairs=PAIRS[:FEW])
    [null] = nulls_of(alone)
    assert share_beyond(null, (flips * differences[6]).mean(axis=1)) == 1 / 2**FEW
    assert alone.evidence.test.p_value == pytest.approx(0.8**FEW)
    assert null.axis == "mean of what was recovered less 30 % of what was lost"
    picked = judge(quoted(sentence()), head="searched: all layers\n", pairs=PAIRS[:FEW])
    [null] = nulls_of(picked)
    flipped = flips[:, None, :] * differences  # [flips, neurons, pairs]
    t = flipped.mean(axis=2) / (flipped.std(axis=2, ddof=1) / np.sqrt(FEW))
    assert null.axis == "largest paired t of 8 neurons"
    assert 2 * share_beyond(null, t.max(axis=1)) < 0.8**FEW
    # Which pairs are missed is the same for all neurons: that chance is not multiplied by their number.
    assert picked.evidence.test.p_value == alone.evidence.test.p_value


def test_a_neuron_picked_on_these_pairs_is_held_against_all_that_were_searched(judge):
    alone, picked = judge(quoted(sentence())), judge(quoted(sentence()), head="searched: all layers\n")
    assert picked.evidence.selection.neurons == 8
    assert picked.evidence.test.p_value >= alone.evidence.test.p_value
    assert picked.evidence.effect.value == pytest.approx(alone.evidence.effect.value)
    assert picked.evidence.effect.level == pytest.approx(1 - 0.05 / 8)
    whole = CLEAN - CORRUPTED
    wide = stats.ratio_of_means_estimate(SHARES * whole, whole, level=1 - 0.05 / 8)
    assert picked.evidence.effect.high == pytest.approx(wide.high, rel=1e-5)


def test_neurons_are_restored_at_the_positions_that_are_said(judge):
    judge(quoted(sentence()))
    assert {str(asked.need.at) for asked in ASKED} == {"all"}
    result = judge(quoted(sentence()), head="at: last\n")
    assert {str(asked.need.at) for asked in ASKED} == {"last"}
    assert any("at the last token" in note for note in result.evidence.notes)


def test_pairs_with_nothing_to_restore_are_refused_by_name(judge):
    error = judge(quoted(sentence()), head="noise_floor: 1.2\n").error
    assert "1 pair of 'fruit' holds nothing to restore" in error
    assert "'clean 6'" in error


def test_where_clean_texts_predict_no_more_there_is_no_share(judge, monkeypatch):
    monkeypatch.setitem(globals(), "CLEAN", CORRUPTED + np.array([1.0, -1.0] * 7))
    result = judge(quoted(sentence()))
    assert result.verdict == "inconclusive"
    assert "nothing to recover" in result.reason
    assert any("In 7 of 14 pairs" in note for note in result.evidence.notes)


def test_neuron_and_neurons_are_told_apart_where_they_stand(judge):
    for wrong in ("neurons 1:2", "neuron 1:2, 1:0"):
        with pytest.raises(ClaimFileError):
            judge(quoted(sentence(wrong)))


def test_an_encoder_and_neurons_that_are_not_there_are_clear_errors(judge):
    bert = {"model_type": "bert", "num_hidden_layers": 2, "hidden_size": 4, "num_attention_heads": 2}
    config = {**bert, "intermediate_size": 4, "max_position_embeddings": 64, "vocab_size": 9}
    assert "predicts no next token" in judge(quoted(sentence()), config=config).error
    assert "no neuron 1:9" in judge(quoted(sentence("neuron 1:9"))).error


def real(tmp_path, claim: str, pairs, head: str = ""):
    head = f"{head}pairs: {json.dumps({'fruit': pairs})}\n"
    return judged_really(tmp_path, json.dumps(claim), head, one_writer())


DOGS = [
    {"clean": f"{article} {word} dog", "corrupted": f"{article} {word} cat"}
    for article in ("the", "a")
    for word in ("old", "new", "red", "blue", "small", "big", "green")
]
RESTORED = 'recovers at least 90% of " tree" over " river" in fruit'


def test_the_one_neuron_that_writes_a_token_recovers_all_of_it_and_others_nothing(tmp_path):
    result = real(tmp_path, f"restoring mlp_post neuron 0:3 {RESTORED}", DOGS, "controls: layer\n")
    assert result.error is None
    assert result.evidence.effect.value == pytest.approx(1, abs=1e-4)
    assert result.verdict == "supported"
    assert result.evidence.rank.place == 1
    other = real(tmp_path, f"restoring mlp_post neuron 0:5 {RESTORED}", DOGS)
    assert other.evidence.effect.value == pytest.approx(0, abs=1e-4)
    assert other.verdict != "supported"


def test_texts_of_unequal_length_and_words_of_several_tokens_are_named(tmp_path):
    pairs = [*DOGS, {"clean": "the old red dog", "corrupted": "the cat"}]
    error = real(tmp_path, f"restoring mlp_post neuron 0:3 {RESTORED}", pairs).error
    assert "equally many tokens" in error
    assert "the | old | red | dog" in error
    assert "the | cat" in error
    unknown = RESTORED.replace(" tree", " tree house")
    assert "tree house" in real(tmp_path, f"restoring mlp_post neuron 0:3 {unknown}", DOGS).error


def test_a_verdict_that_rests_on_each_pair_says_so_by_their_clean_texts(judge):
    stands = judge(quoted(sentence())).evidence.robustness
    assert (stands.units.what, stands.units.count, stands.units.changes) == ("pair", COUNT, COUNT)
    assert (stands.units.then, stands.units.weakest[:6]) == ("inconclusive", "clean ")
    assert judge(quoted(sentence()), pairs=PAIRS[:-1]).verdict == "inconclusive"
    grouped = [{**pair, "group": "abcdefg"[place // 2]} for place, pair in enumerate(PAIRS)]
    units = judge(quoted(sentence()), pairs=grouped).evidence.robustness.units
    assert (units.what, units.count, units.changes, units.weakest[:6]) == ("group", 7, 7, "clean ")
    assert judge(quoted(sentence()), pairs=grouped[2:]).verdict == "inconclusive"
