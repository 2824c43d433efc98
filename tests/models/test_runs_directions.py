"""Directions and probes as viewed sites: what is read, projected out and added, against plain hooks of PyTorch."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
import torch
from tiny_models import HIDDEN, LAYERS

from neuronclaims.engines.cost import cost_of
from neuronclaims.engines.measure import measure, measure_each
from neuronclaims.measurements import Ablation, Activations, Prediction, TokenRule
from neuronclaims.measurements.changing.interventions import Add, Clamp
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.views.directions import (
    RANDOM,
    FittedDirection,
    GivenDirection,
    GivenProbe,
    Vectors,
    beside_random,
)
from neuronclaims.measurements.views.view import ViewedSite

PROMPTS = ("the old dog ran to the river", "she sat", "food in the old market was new")
FIRST = ("a small bird sang", "they ate rice and saw the lake", "the dog sat")
SECOND = ("the lake was old", "she ran to the market")
LAST = TokenRule("last", "prompt")
BASE, LAYER = "resid_post", 1


def plain(source, prompt, edit=None):
    """The state [tokens, hidden] behind the block, and the logits at the last token, under an edit of that state."""
    model, tokenizer = source.loaded.model, source.loaded.tokenizer
    kept = []

    def hook(_, __, output):
        state = output if isinstance(output, torch.Tensor) else output[0]
        kept.append(state[0].double().numpy())
        if edit is None:
            return None
        new = torch.tensor(edit(kept[0]), dtype=state.dtype).unsqueeze(0)
        return new if isinstance(output, torch.Tensor) else (new, *output[1:])

    handle = model.transformer.h[LAYER].register_forward_hook(hook)
    try:
        with torch.no_grad():
            logits = model(torch.tensor([tokenizer(prompt).input_ids])).logits[0, -1]
    finally:
        handle.remove()
    return kept[0], logits.double().numpy()


def test_a_given_direction_and_a_probe_are_read_and_moved_along_as_by_hand(hand_over) -> None:
    source, rng = hand_over("gpt2"), np.random.default_rng(0)
    v = rng.normal(size=(1, HIDDEN)).astype(np.float32) * 3
    direction = ViewedSite(BASE, GivenDirection(BASE, Vectors("direction", v, (0.0,), LAYER)))
    probe = ViewedSite(BASE, GivenProbe(BASE, Vectors("probe", v, (0.5,), LAYER)))
    asked, only = Prediction(" dog"), ((LAYER, 0),)
    needs = {
        "direction": Activations(direction, LAYER, LAST, PROMPTS),
        "probe": Activations(probe, LAYER, LAST, PROMPTS),
        "projected": Ablation(direction, only, "zero", asked, PROMPTS),
        "added": Ablation(direction, only, Add(3.0), asked, PROMPTS),
        "undecided": Ablation(probe, only, "zero", asked, PROMPTS),
        "held": Ablation(probe, only, Clamp(2.0), asked, PROMPTS),
    }
    found = measure(source, list(needs.values()))
    token = source.loaded.tokenizer(" dog", add_special_tokens=False).input_ids[0]
    w, square = v[0].astype(np.float64), float(v[0].astype(np.float64) @ v[0])
    edits = {
        "projected": lambda x: x - np.outer(x @ w, w) / square,
        "added": lambda x: x + 3 * w,
        "undecided": lambda x: x - np.outer(x @ w + 0.5, w) / square,
        "held": lambda x: x + np.outer(2.0 - (x @ w + 0.5), w) / square,
    }
    for row, prompt in enumerate(PROMPTS):
        state, logits = plain(source, prompt)
        assert found[needs["direction"]][row] == pytest.approx([state[-1] @ w / square], rel=1e-4)
        assert found[needs["probe"]][row] == pytest.approx([state[-1] @ w + 0.5], rel=1e-4)
        for key, edit in edits.items():
            before, after = found[needs[key]][row][:2]
            assert before == pytest.approx(logits[token], rel=1e-3, abs=1e-4)
            assert after == pytest.approx(plain(source, prompt, edit)[1][token], rel=1e-3, abs=1e-4), key


def test_a_fitted_direction_reaches_in_one_step_from_one_mean_to_the_other(hand_over) -> None:
    source = hand_over("gpt2")
    first, second = (np.array([plain(source, text)[0][-1] for text in side]) for side in (FIRST, SECOND))
    step = first.mean(0) - second.mean(0)
    site = ViewedSite(BASE, FittedDirection("honesty", BASE, "mean difference", FIRST, SECOND, LAST))
    read = Activations(site, LAYER, LAST, PROMPTS)
    added = Ablation(site, ((LAYER, 0),), Add(1.0), Prediction(" dog"), PROMPTS)
    means = [Activations(site, LAYER, LAST, side) for side in (FIRST, SECOND)]
    found = measure(source, [read, added, *means])
    expected = [plain(source, text)[0][-1] @ step / (step @ step) for text in PROMPTS]
    np.testing.assert_allclose(found[read][:, 0], expected, rtol=1e-3, atol=1e-4)
    assert found[means[0]].mean() - found[means[1]].mean() == pytest.approx(1.0, abs=1e-4)
    token = source.loaded.tokenizer(" dog", add_special_tokens=False).input_ids[0]
    by_hand = [plain(source, text, lambda x: x + step)[1][token] for text in PROMPTS]
    np.testing.assert_allclose(found[added][:, 1], by_hand, rtol=1e-3, atol=1e-4)


def test_random_directions_are_as_long_and_stand_beside_the_direction_without_changing_it(hand_over) -> None:
    source = hand_over("gpt2")
    v = np.random.default_rng(1).normal(size=(1, HIDDEN)).astype(np.float32)
    own = ViewedSite(BASE, GivenDirection(BASE, Vectors("direction", v, (0.0,), LAYER)))
    wide = beside_random(own)
    places = [((LAYER, 0),), ((LAYER, 1),)]
    alone, first, other = (
        Ablation(site, which, Add(2.0), Prediction(" dog"), PROMPTS)
        for site, which in ((own, places[0]), (wide, places[0]), (wide, places[1]))
    )
    read = Activations(wide, LAYER, LAST, PROMPTS)
    found = measure(source, [alone, first, other, read])
    assert source.facts().width_of(wide) == 1 + RANDOM
    np.testing.assert_allclose(found[first], found[alone], rtol=1e-4, atol=1e-4)
    assert np.abs(found[other][:, 1] - found[alone][:, 1]).min() > 1e-4
    states = np.array([plain(source, prompt)[0][-1] for prompt in PROMPTS])
    bound = np.linalg.norm(states, axis=1) / np.linalg.norm(v)  # what a vector as long reads at most
    assert (np.abs(found[read]) <= bound[:, None] * 1.001).all()
    assert len(np.unique(found[read].round(5))) == found[read].size


def test_views_of_directions_go_to_other_processes_and_their_fits_are_planned_once(hand_over) -> None:
    facts = hand_over("gpt2").facts()
    given = GivenDirection(BASE, Vectors("direction", np.ones((1, HIDDEN), np.float32), (0.0,), LAYER))
    fitted = FittedDirection("honesty", BASE, "mean difference", FIRST, SECOND, LAST)
    for site in (ViewedSite(BASE, given), ViewedSite(BASE, fitted), beside_random(ViewedSite(BASE, fitted))):
        again = pickle.loads(pickle.dumps(site))
        assert (again, again.view) == (site, site.view)
    sites = [ViewedSite(BASE, fitted), beside_random(ViewedSite(BASE, fitted)), ViewedSite(BASE, given)]
    cost = cost_of(facts, [Activations(site, LAYER, LAST, PROMPTS) for site in sites])
    assert cost.passes["fits of directions"] == pytest.approx(len({*FIRST, *SECOND}) * (LAYER + 1) / LAYERS)


def test_what_cannot_be_fitted_or_does_not_fit_fails_alone_with_the_reason(hand_over) -> None:
    source = hand_over("gpt2")
    flat = ViewedSite(
        BASE, FittedDirection("flat", BASE, "mean difference", ("she sat",), ("she sat",), LAST)
    )
    wide = Vectors(
        "direction", np.ones((1, HIDDEN + 1), np.float32), (0.0,), LAYER, origin="v.safetensors (v)"
    )
    stack = Vectors(
        "direction", np.ones((LAYERS + 1, HIDDEN), np.float32), (0.0,) * 4, by_layer=True, origin="v (w)"
    )
    good = Activations(BASE, LAYER, LAST, PROMPTS)
    bad = Activations(flat, LAYER, LAST, PROMPTS)
    found = measure_each(source, [good, bad])
    assert np.isfinite(found[good]).all()
    assert "'flat' cannot be fitted at layer 1" in str(found.failed[bad])
    facts = source.facts()
    for given, why in (
        (wide, f"has {HIDDEN + 1:,} numbers, and .* has {HIDDEN}"),
        (stack, "first row may be of the embeddings"),
    ):
        with pytest.raises(MeasurementError, match=why):
            facts.check_place(ViewedSite(BASE, GivenDirection(BASE, given)), LAYER)
