"""Histograms of what relabelling gives: the distribution that SciPy enumerates, and the one that p is counted in."""

from __future__ import annotations

import flat
import numpy as np
import pytest
from cases import for_each
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu, permutation_test, ttest_ind

from neuronclaims.stats.permutation.nulls import BINS, DRAWS, null_histogram, null_values

SHORT = st.lists(st.integers(-4, 4).map(float), min_size=2, max_size=5)


def mean_difference(one, other, axis=-1):
    return one.mean(axis=axis) - other.mean(axis=axis)


def welch(one, other, axis=-1):
    return ttest_ind(one, other, axis=axis, equal_var=False).statistic


def auroc(one, other, axis=-1):
    return mannwhitneyu(one, other, axis=axis).statistic / (one.shape[axis] * other.shape[axis])


@for_each("sizes", [(4, 4), (3, 5), (5, 3)])
@for_each("statistic", ["mean", "auroc"])
@for_each("ties", [False, True])
def test_all_arrangements_give_scipy_s_null_distribution(sizes, statistic, ties) -> None:
    draws = np.random.default_rng(5)
    one, other = (draws.normal(size=size) for size in sizes)
    if ties:
        one, other = np.round(one), np.round(other)
    function = auroc if statistic == "auroc" else mean_difference if sizes == (4, 4) else welch
    with np.errstate(all="ignore"):
        expected = permutation_test((one, other), function, n_resamples=np.inf).null_distribution
    found, every = null_values(one, other, paired=False, statistic=statistic, seed=1)
    assert every
    known = np.sort(found[np.isfinite(found)])
    assert known == pytest.approx(np.sort(expected[np.isfinite(expected)]), abs=1e-9)


@pytest.mark.parametrize("statistic", ["mean", "auroc"])
def test_pairs_are_swapped_within_as_scipy_does(statistic) -> None:
    draws = np.random.default_rng(6)
    one, other = draws.normal(size=6), draws.normal(1, size=6)
    function = auroc if statistic == "auroc" else mean_difference
    expected = permutation_test((one, other), function, permutation_type="samples", n_resamples=np.inf)
    found, every = null_values(one, other, paired=True, statistic=statistic, seed=1)
    assert every
    assert np.sort(found) == pytest.approx(np.sort(expected.null_distribution), abs=1e-9)


@settings(max_examples=60)
@given(SHORT, SHORT, st.sampled_from(["mean", "auroc"]))
def test_p_is_the_share_of_arrangements_at_or_beyond_the_observed_value(one, other, statistic) -> None:
    test = flat.two_sample_test(one, other, paired=False, statistic=statistic, alternative="greater", seed=1)
    found, _ = null_values(one, other, paired=False, statistic=statistic, seed=1)
    if test.statistic is None or test.welch_guard or not np.isfinite(found).all():
        return
    assert np.mean(found >= test.statistic - 1e-9) == pytest.approx(test.p_value)


def test_many_arrangements_are_drawn_and_the_histogram_holds_each_once() -> None:
    draws = np.random.default_rng(7)
    one, other = draws.normal(size=30), draws.normal(size=20)
    found = null_histogram(one, other, paired=False, statistic="mean", seed=3)
    assert (len(found.counts), sum(found.counts), found.every) == (BINS, DRAWS, False)
    values, _ = null_values(one, other, paired=False, statistic="mean", seed=3)
    assert (found.low, found.high) == (values.min(), values.max())
    assert list(found.counts) == np.histogram(values, bins=BINS)[0].tolist()
    assert values.mean() == pytest.approx(0, abs=0.1)
    assert values.std() == pytest.approx(1, abs=0.1)


def test_values_all_alike_give_one_bin_or_none() -> None:
    same = null_histogram([2.0, 2.0], [2.0, 2.0], paired=False, statistic="mean", seed=1)
    assert (same.low, same.high, same.counts) == (0.0, 0.0, (6,))
    assert null_histogram([2.0] * 2, [2.0] * 3, paired=False, statistic="mean", seed=1).counts == ()
