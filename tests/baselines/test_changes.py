"""The change of an effect between two measurements, against SciPy, DeLong's formula and the jackknife done by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from neuronclaims import stats
from neuronclaims.stats import effect_change

FLOATS = st.floats(-100, 100, allow_nan=False, width=32)


def samples(seed: int, n1: int = 12, n2: int = 15):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(1, 1, n1), rng.normal(0, 1.5, n2)
    return (a, b), (0.7 * a + rng.normal(0, 0.3, n1), b + rng.normal(0, 0.2, n2))


@pytest.mark.parametrize("keep", [1.0, 0.8])
def test_the_change_of_a_difference_of_means_is_welchs_test_of_what_each_unit_changed_by(keep):
    (a1, b1), (a2, b2) = samples(1)
    change = effect_change((a1, b1), (a2, b2), scale="difference", paired=False, keep=keep)
    scipys = scipy.stats.ttest_ind(a2 - keep * a1, b2 - keep * b1, equal_var=False)
    low, high = scipys.confidence_interval(0.95)
    estimate = change.estimate()
    assert (estimate.low, estimate.high) == pytest.approx((low, high))
    assert change.p("below") == pytest.approx(scipy.stats.t.cdf(scipys.statistic, scipys.df))
    assert change.p("above") == pytest.approx(1 - change.p("below"))


def test_the_change_within_pairs_is_the_paired_test_of_changes():
    (a1, b1), (a2, b2) = samples(2, 14, 14)
    change = effect_change((a1, b1), (a2, b2), scale="difference", paired=True)
    scipys = scipy.stats.ttest_rel(a2 - a1, b2 - b1)
    assert change.df == 13
    assert change.p("above") == pytest.approx(scipy.stats.t.sf(scipys.statistic, 13))


def test_the_error_of_a_change_of_the_auroc_is_that_of_delong_for_correlated_curves():
    (a1, b1), (a2, b2) = samples(3)

    def components(a, b):
        kernel = (a[:, None] > b[None, :]) + 0.5 * (a[:, None] == b[None, :])
        return kernel.mean(), kernel.mean(1), kernel.mean(0)

    (old, over1, under1), (new, over2, under2) = components(a1, b1), components(a2, b2)
    variance = (over2 - over1).var(ddof=1) / len(a1) + (under2 - under1).var(ddof=1) / len(b1)
    change = effect_change((a1, b1), (a2, b2), scale="auroc", paired=False)
    assert change.value == pytest.approx(new - old)
    assert change.error == pytest.approx(math.sqrt(variance))


@pytest.mark.parametrize("paired", [False, True])
def test_the_error_of_a_change_in_standard_deviations_is_the_jackknifes(paired):
    (a1, b1), (a2, b2) = samples(4, 9, 9)
    effect = stats.dz_estimate if paired else stats.hedges_g_estimate

    def left_out(a, b, place):
        """An effect without one unit, with the correction of the whole, as pseudo-values have it."""
        sides = [np.delete(a, place) if place is not None and place < len(a) else a]
        sides += [np.delete(b, place - len(a)) if place is not None and place >= len(a) else b]
        if paired and place is not None:
            sides = [np.delete(a, place), np.delete(b, place)]
        spread = (
            np.std(sides[0] - sides[1], ddof=1)
            if paired
            else math.sqrt(
                sum(((s - s.mean()) ** 2).sum() for s in sides) / (len(sides[0]) + len(sides[1]) - 2)
            )
        )
        return (sides[0].mean() - sides[1].mean()) / spread

    units = range(9 if paired else 18)
    whole = left_out(a1, b1, None)
    correction = effect(a1, b1).value / whole
    loss = np.array([left_out(a2, b2, i) - left_out(a1, b1, i) for i in units]) * correction
    parts = [loss] if paired else [loss[:9], loss[9:]]
    variance = sum((len(part) - 1) ** 2 * part.var(ddof=1) / len(part) for part in parts)
    change = effect_change((a1, b1), (a2, b2), scale="sd", paired=paired)
    assert change.value == pytest.approx(effect(a2, b2).value - effect(a1, b1).value)
    assert change.error == pytest.approx(math.sqrt(variance))


def test_a_neuron_that_fell_silent_has_a_change_with_an_interval_and_no_difference_in_sd():
    a, b = np.arange(12.0) + 20, np.arange(14.0)
    silent = np.zeros(12), np.zeros(14)
    change = effect_change((a, b), silent, scale="auroc", paired=False)
    assert change.value == -0.5
    assert -0.8 < change.estimate().low < -0.5 < change.estimate().high < -0.2
    assert effect_change((a, b), silent, scale="sd", paired=False).value is None


@given(st.lists(FLOATS, min_size=3, max_size=8), st.lists(FLOATS, min_size=3, max_size=8), st.data())
def test_the_same_values_do_not_change_and_exchanged_sets_change_the_other_way(a, b, data):
    new = data.draw(st.tuples(*(st.lists(FLOATS, min_size=len(s), max_size=len(s)) for s in (a, b))))
    for scale in ("difference", "auroc", "sd"):
        none = effect_change((a, b), (a, b), scale=scale, paired=False)
        assert none.value is None or (none.value, none.error, none.same) == (0, 0, True)
        one = effect_change((a, b), new, scale=scale, paired=False)
        other = effect_change((b, a), new[::-1], scale=scale, paired=False)
        if one.value is not None and other.value is not None:
            assert one.value == pytest.approx(-other.value, abs=1e-6)
            assert one.error == pytest.approx(other.error, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("old", "new"), [(([1, 2], [1, 2]), ([1, 2, 3], [1, 2])), (([1], [1, 2]), ([1], [1, 2]))]
)
def test_other_units_cannot_be_compared(old, new):
    with pytest.raises(stats.StatsError):
        effect_change(old, new, scale="difference", paired=False)
