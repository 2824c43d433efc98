"""What is measured at a viewed site is what is measured at its base, as the view reads it."""

from __future__ import annotations

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from tiny_models import LAYERS
from viewed import Doubled

from neuronclaims.cache.run_cache import RunCache
from neuronclaims.engines.measure import measure
from neuronclaims.measurements import (
    Ablation,
    AblationSweep,
    Activations,
    LabelCounts,
    Pair,
    Prediction,
    Readout,
    Restoration,
    RestorationSweep,
    TokenRule,
)
from neuronclaims.measurements.changing.interventions import Add, Clamp, Scale
from neuronclaims.measurements.errors import MeasurementError
from neuronclaims.measurements.views.view import ViewedSite
from neuronclaims.prompts import PromptInput

PROMPTS = ("the old dog ran to the river", "she sat", "food in the old market was new")
LABELLED = tuple(PromptInput(text).with_labels([(4, 7, "noun")]).item for text in PROMPTS)
REFERENCE = ("a small bird sang", "they ate rice and saw the lake")
PAIRS = (Pair("the old dog ran to the river", "the old cat ran to the river"),)
ASKED = Prediction(" dog", " cat")
RULE = TokenRule("mean", "prompt")


@pytest.mark.parametrize(("name", "base"), [("gpt2", "resid_post"), ("llama", "attn_z"), ("opt", "mlp_post")])
def test_every_measurement_reads_and_changes_through_the_view(hand_over, name, base) -> None:
    source, site = hand_over(name), ViewedSite(base, Doubled(3))
    neurons = ((1, 0), (1, 2))
    at_base = {
        "pooled": Activations(base, 1, RULE, PROMPTS),
        "mean": Ablation(base, neurons, "mean", ASKED, PROMPTS, REFERENCE),
        "resample": Ablation(base, neurons, "resample", ASKED, PROMPTS, REFERENCE),
        "add": Ablation(base, neurons, Add(1.0), ASKED, PROMPTS),
        "scale": Ablation(base, neurons, Scale(3.0), ASKED, PROMPTS),
        "clamp": Ablation(base, neurons, Clamp(0.5), ASKED, PROMPTS, at="last"),
        "restored": Restoration(base, neurons, ASKED, PAIRS),
        "sweep": AblationSweep(base, 1, "zero", ASKED, PROMPTS),
        "pairs": RestorationSweep(base, 1, ASKED, PAIRS),
        "readout": Readout(base, 1, 2, " dog", (0.0,), PROMPTS),
        "labels": LabelCounts(base, 1, 2, "noun", (0.0,), LABELLED),
    }
    changed = {"add": Add(2.0), "clamp": Clamp(1.0)}
    viewed = {key: replace(each, site=site) for key, each in at_base.items()}
    viewed |= {key: replace(viewed[key], replacement=each) for key, each in changed.items()}
    found = measure(source, [*at_base.values(), *viewed.values()])
    plain = {key: found[each] for key, each in at_base.items()}
    through = {key: found[each] for key, each in viewed.items()}
    plain["pooled"] = plain["pooled"][:, :3] * 2
    plain["sweep"], plain["pairs"] = plain["sweep"][:, :4], plain["pairs"][:, :5]
    for key, expected in plain.items():
        np.testing.assert_allclose(through[key], expected, rtol=1e-4, atol=1e-4, err_msg=key)
    assert np.abs(through["sweep"][:, 1:] - through["sweep"][:, :1]).max() > 1e-3


def test_a_viewed_site_of_one_layer_is_at_no_other_and_is_kept_under_its_name(hand_over, tmp_path) -> None:
    source, site = hand_over("gpt2"), ViewedSite("resid_post", Doubled(3, layer=1))
    facts = source.facts()
    assert (list(facts.layers_at(site)), facts.width_of(site), facts.has(site)) == ([1], 3, True)
    with pytest.raises(
        MeasurementError, match="There is no double of layer 0 of handed: what is read is the doubles"
    ):
        facts.check_place(site, 0)
    with pytest.raises(
        MeasurementError, match="There is no double 3 in layer 1 of handed: there are the doubles 0 to 2"
    ):
        facts.check_place(site, 1, 3)
    with pytest.raises(MeasurementError, match="Nothing has so many"):
        facts.check_place(ViewedSite("resid_post", Doubled(100)), LAYERS - 1)
    with pytest.raises(MeasurementError, match="'nowhere' is no site"):
        facts.check_place(ViewedSite("nowhere", Doubled(3)), 1)
    assert copy.deepcopy(site).view == pickle.loads(pickle.dumps(site)).view == site.view

    cache, asked = RunCache(tmp_path), Activations(site, 1, RULE, PROMPTS)
    first = measure(source, [asked], cache=cache)[asked]
    other = replace(asked, site=ViewedSite("resid_post", Doubled(2, layer=1)))
    kept = measure(source, [asked, other], cache=cache)
    np.testing.assert_array_equal(kept[asked], first)
    np.testing.assert_array_equal(kept[other], first[:, :2])
