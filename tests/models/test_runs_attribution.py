"""First-order estimates equal exact changes where the model is linear, and finite differences of small changes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_models import LAYERS

from neuronclaims.demo import MODEL_FOLDER
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Attribution,
    Divergence,
    Entropy,
    Loss,
    Pair,
    PairAttribution,
    Prediction,
    RestorationSweep,
)
from neuronclaims.measurements.changing.interventions import Add
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.models.options import RunOptions
from neuronclaims.models.sources import open_model

ASKED = Prediction(" dog", " cat")
PAIRS = (
    Pair("the old dog ran to the river", "the old cat ran to the river"),
    Pair("Hanoi is the capital of Vietnam and", "Hanoi is the market of Vietnam and"),
)
PROMPTS = ("the old dog ran to the river", "she sat", "food in the old market was new")
REFERENCE = ("a small bird sang", "they ate rice and saw the lake")


@pytest.mark.parametrize("at", ["all", "last"])
def test_it_is_exact_where_the_outcome_is_linear_in_the_neuron(hand_over, at) -> None:
    source = hand_over("gpt2")
    # Without a final norm, the logits are linear in all that the last layer adds to the state.
    source.loaded.model.transformer.ln_f = torch.nn.Identity()
    last = LAYERS - 1
    for site in ("mlp_post", "resid_post"):
        for replacement, reference in (("zero", ()), ("mean", REFERENCE), ("resample", REFERENCE)):
            exact = AblationSweep(site, last, replacement, ASKED, PROMPTS, reference, at)
            made = Attribution(site, last, replacement, ASKED, PROMPTS, reference, at)
            found = measure(source, [exact, made])
            swept, estimated = exact.columns(found[exact]), made.columns(found[made])
            np.testing.assert_allclose(estimated.before, swept.before, atol=1e-5)
            np.testing.assert_allclose(estimated.change, swept.after - swept.before[:, None], atol=2e-5)
            assert np.abs(estimated.change).max() > 0.05
        patched, pairs = (
            RestorationSweep(site, last, ASKED, PAIRS, at),
            PairAttribution(site, last, ASKED, PAIRS, at),
        )
        found = measure(source, [patched, pairs])
        whole, some = patched.columns(found[patched]), pairs.columns(found[pairs])
        np.testing.assert_allclose(some.clean, whole.clean, atol=1e-5)
        np.testing.assert_allclose(some.corrupted, whole.corrupted, atol=1e-5)
        np.testing.assert_allclose(some.change, whole.patched - whole.corrupted[:, None], atol=2e-5)
        assert np.abs(some.change).max() > 0.05


def test_it_is_the_slope_at_no_change_in_every_layer() -> None:
    source, small = open_model(str(MODEL_FOLDER), Path(".")), 0.02
    texts = ("The old port of Hanoi is quiet.", "I ate")
    read = Prediction(" an", " a")
    for layer in (0, 3):
        up, down = (AblationSweep("mlp_post", layer, Add(by), read, texts) for by in (small, -small))
        made = Attribution("mlp_post", layer, Add(small), read, texts)
        found = measure(source, [up, down, made])
        slope = (up.columns(found[up]).after - down.columns(found[down]).after) / 2
        estimated = made.columns(found[made]).change
        assert np.abs(slope).max() > 1e-3
        np.testing.assert_allclose(estimated, slope, atol=0.02 * np.abs(slope).max())


def test_every_outcome_with_a_gradient_has_its_own() -> None:
    source, small, texts = open_model(str(MODEL_FOLDER), Path(".")), 0.05, ("I ate an apple",)
    asked = [(Prediction(" an"), True), (Loss(), False), (Entropy(), False), (Entropy(), True)]
    made = {each: Attribution("mlp_post", 4, Add(small), each[0], texts, beside=each[1]) for each in asked}
    found = measure(source, list(made.values()))
    for (reading, beside), need in made.items():
        change = need.columns(found[need]).change[0]
        neuron = int(np.abs(change).argmax())
        exact = [Ablation("mlp_post", ((4, neuron),), Add(by), reading, texts) for by in (small, -small)]
        answers = measure(source, exact)
        ends = [each.columns(answers[each]) for each in exact]
        after = [each.beside_after[0] if beside else each.after[0] for each in ends]
        assert change[neuron] == pytest.approx((after[0] - after[1]) / 2, rel=0.05)


def test_layers_share_a_pass_and_the_model_is_left_as_it_was(hand_over, monkeypatch) -> None:
    source = hand_over("llama")
    model, runs = source.loaded.model, []
    before = {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    assert any(before.values())
    model.model.register_forward_hook(lambda *_: runs.append(1))
    needs = [Attribution("mlp_post", layer, "zero", ASKED, PROMPTS[:1]) for layer in range(LAYERS)]
    together = measure(source, needs)
    shared = len(runs)
    runs.clear()
    alone = measure(source, needs[:1])
    assert len(runs) == shared
    np.testing.assert_allclose(alone[needs[0]], together[needs[0]], atol=1e-6)
    assert before == {name: parameter.requires_grad for name, parameter in model.named_parameters()}
    assert all(parameter.grad is None for parameter in model.parameters())
    again = measure(source, needs[:1], options=RunOptions(again=True))
    np.testing.assert_allclose(alone[needs[0]], again[needs[0]], atol=1e-5)


def test_what_has_no_gradient_is_refused(hand_over) -> None:
    source = hand_over("gpt2")
    for need, said in (
        (Attribution("mlp_post", 1, "zero", Divergence(), PROMPTS), "no attribution to divergence"),
        (Attribution("mlp_post", 1, "zero", Loss(), PROMPTS, beside=True), "has no gradient"),
        (Attribution("mlp_post", 1, "mean", ASKED, PROMPTS), "texts to take them from"),
        (Attribution("mlp_post", 9, "zero", ASKED, PROMPTS), "9"),
    ):
        with pytest.raises(MeasurementError, match=said):
            measure(source, [need])
    model = source.loaded.model
    model.transformer.forward = torch.no_grad()(model.transformer.forward)
    with pytest.raises(MeasurementError, match="computes without gradients"):
        measure(source, [Attribution("mlp_post", 1, "zero", ASKED, PROMPTS)])
