"""What the base of intervention kinds tells a kind that uses it wrongly, and how many draws it makes."""

from __future__ import annotations

import numpy as np
import pytest

from neuronclaims.kinds.interventions.before_after import BeforeAfter
from neuronclaims.kinds.interventions.changed_neurons import TextUnits
from neuronclaims.kinds.interventions.controls.sweeps import LayerSweeps
from neuronclaims.kinds.kind import MAX_DRAWS, Family, KindError
from neuronclaims.sentences.subjects.neurons import Neuron

COUNT = 20
RNG = np.random.default_rng(7)
AFTER, BEFORE = RNG.normal(0.2, 1, COUNT), np.zeros(COUNT)
UNITS = TextUnits.of([None] * COUNT, "prompt")
SWEEPS = LayerSweeps({2: RNG.normal(0, 1, (COUNT, 3)), 4: np.column_stack([BEFORE + 0.1, AFTER])})


def test_a_neuron_that_is_missing_or_was_not_swept_is_a_fault_of_the_kind_that_says_what_to_do():
    for neuron, told in (
        (None, "Give 'neuron' too"),
        (Neuron(3, 0), r"3:0, which is not among those searched \(layers: 2, 4\)"),
        (Neuron(4, 2), "4:2, which is not among those searched"),
    ):
        with pytest.raises(KindError, match=told):
            BeforeAfter(AFTER, BEFORE, UNITS, 1, 999, SWEEPS, neuron)
    assert SWEEPS.column(Neuron(4, 1)) == 4


def test_the_family_says_how_many_draws_are_made():
    family = Family(1, "holm", 0.05, max_draws=MAX_DRAWS[0])
    change = BeforeAfter(AFTER, BEFORE, UNITS, 1, 999)
    searched = BeforeAfter(AFTER, BEFORE, UNITS, 1, 999, SWEEPS, Neuron(4, 1))
    assert searched.resampling(family) == change.resampling(family) == family.resampling(1, 999)
    for each in (change, searched):
        assert "999 ways to exchange the labels, drawn at random" in each.test(family).method
    alone, best = change.test(family), searched.test(family)
    assert best.p_value >= alone.p_value
