"""Controls: other neurons of the same size, drawn for each text, changed as plain forwards with a hook change them."""

from __future__ import annotations

import numpy as np
import pytest
from test_runs_changes import ASKED, PAIRS, PROMPTS, REFERENCE, Plain, put
from viewed import Doubled

from neuronclaims.engines.measure import measure
from neuronclaims.measurements import Ablation, Restoration
from neuronclaims.measurements.changing.controls import NEAREST, Controls
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.models.options import RunOptions
from neuronclaims.models.running.changing import controls
from neuronclaims.models.running.changing.controls import lists_like


@pytest.mark.parametrize("name", ["gpt2", "llama", "gpt_neox"])
def test_each_control_equals_a_plain_forward_with_its_neurons_changed(hand_over, name) -> None:
    source = hand_over(name)
    plain = Plain(source)
    zero = Controls(Ablation("mlp_post", ((1, 3),), "zero", ASKED, PROMPTS), 4)
    several = Controls(Restoration("mlp_post", ((0, 3), (2, 5), (2, 7)), ASKED, PAIRS, "last"), 3)
    # Few copies a batch, so that they go through in several parts.
    answers = measure(source, [zero, several], options=RunOptions(batch_prompts=3))
    found, drawn = zero.columns(answers[zero]), zero.neurons(answers[zero])
    for row, text in enumerate(PROMPTS):
        sizes = plain.values(text, "mlp_post", 1).abs().mean(0)
        likest = (sizes - sizes[3]).abs().argsort()[1 : NEAREST + 1].tolist()
        assert set(drawn[row, :, 0]) <= set(likest) < set(range(len(sizes)))
        assert len(set(drawn[row, :, 0])) == 4
        assert 3 not in drawn[row]
        for number, (index,) in enumerate(drawn[row]):
            values = plain.values(text, "mlp_post", 1)
            logits = plain.logits(text, [("mlp_post", 1, put([index], values * 0))])
            np.testing.assert_allclose(
                found.after[row, number], plain.dog_over_cat(logits), rtol=1e-4, atol=1e-4
            )
            dog = plain.tokenizer.convert_tokens_to_ids("dog")
            chance = float(logits[-1].softmax(-1)[dog])
            np.testing.assert_allclose(found.beside_after[row, number], chance, rtol=1e-3)
            np.testing.assert_allclose(
                found.sizes[row, number], float(values[:, index].abs().mean()), rtol=1e-4
            )
    found, drawn = several.columns(answers[several]), several.neurons(answers[several])
    for row, pair in enumerate(PAIRS):
        for number, (low, *high) in enumerate(drawn[row]):
            assert len({5, 7, *high}) == 4
            assert low != 3
            hooks = [
                ("mlp_post", layer, put(columns, plain.values(pair.clean, "mlp_post", layer), "last"))
                for layer, columns in ((0, [low]), (2, high))
            ]
            after = plain.dog_over_cat(plain.logits(pair.corrupted, hooks))
            np.testing.assert_allclose(found.after[row, number], after, rtol=1e-4, atol=1e-4)


def test_a_texts_controls_are_the_same_whatever_else_is_measured(hand_over) -> None:
    source = hand_over("gpt2")
    asked = Controls(Ablation("mlp_post", ((1, 3),), "mean", ASKED, PROMPTS, REFERENCE), 5)
    fewer = Controls(Ablation("mlp_post", ((1, 3),), "mean", ASKED, PROMPTS[1:], REFERENCE), 2)
    alone = measure(source, [fewer])[fewer]
    answer = measure(source, [asked])[asked]
    # One prompt less and fewer controls: those drawn are the first of the same.
    assert np.array_equal(fewer.neurons(alone), asked.neurons(answer)[1:, :2])
    np.testing.assert_allclose(fewer.columns(alone).after, asked.columns(answer).after[1:, :2], atol=1e-4)


def test_the_nearest_are_drawn_and_ties_in_no_order_of_their_own() -> None:
    rng = np.random.default_rng(0)
    sizes = rng.lognormal(size=(1, 500))
    largest = int(sizes.argmax())
    order = np.argsort(sizes[0])
    drawn = lists_like([largest], sizes, NEAREST, seed=7)[:, 0]
    assert set(drawn) == set(order[-NEAREST - 1 : -1])
    assert not np.array_equal(drawn, np.sort(drawn))
    # Of neurons that are all alike, any 32 are the nearest: drawn from all over the layer, differently by seed.
    alike = [set(lists_like([0], np.zeros((2, 500)), NEAREST, seed)[:, 0]) for seed in range(20)]
    assert len(set.union(*alike)) > 300
    # Lists have no neuron twice and none that is named.
    lists = lists_like([0, 1, 2, 3], np.zeros((1, 8)), 5, seed=1)
    assert all(set(each) == {4, 5, 6, 7} for each in lists)


@pytest.mark.parametrize("fails", [False, True])
def test_where_a_model_cannot_start_in_its_middle_controls_run_whole(hand_over, monkeypatch, fails) -> None:
    asked = Controls(Ablation("mlp_post", ((1, 3),), "zero", ASKED, PROMPTS), 2)
    expected = measure(hand_over("gpt2"), [asked])[asked]
    entered = controls.starting_at

    def wrong(ready, layer, residual):
        if fails:
            raise TypeError("this block wants what the ones below make")
        return entered(ready, layer, residual * 1.5)

    monkeypatch.setattr(controls, "starting_at", wrong)
    np.testing.assert_allclose(measure(hand_over("gpt2"), [asked])[asked], expected, rtol=1e-4, atol=1e-5)


def test_controls_of_a_viewed_site_are_others_of_the_view(hand_over) -> None:
    source, site = hand_over("gpt2"), ViewedSite("resid_post", Doubled(6))
    controls_of_view = Controls(Ablation(site, ((1, 2),), "zero", ASKED, PROMPTS), 3)
    alone = [Ablation("resid_post", ((1, index),), "zero", ASKED, PROMPTS) for index in range(6)]
    answers = measure(source, [controls_of_view, *alone])
    drawn = controls_of_view.neurons(answers[controls_of_view])[:, :, 0]
    after = np.array([answers[each][:, 1] for each in alone]).T  # [texts, 6]
    assert set(drawn.ravel()) <= {0, 1, 3, 4, 5}
    expected = np.take_along_axis(after, drawn, axis=1)
    found = controls_of_view.columns(answers[controls_of_view]).after
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
