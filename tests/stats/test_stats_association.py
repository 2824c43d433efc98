from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from flat import association_test
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from skewed import mean_interval
from stats_data import quick
from statsmodels.stats.proportion import proportion_confint

from neuronclaims.stats import WithinUnits, association_estimate


def documents(rng, count, size, kind="normal"):
    values = rng.normal(size=(count, size))
    if kind == "ties":
        values = np.maximum(0, np.round(values))
    return values.ravel(), rng.random((count, size)).ravel() < 0.3, np.repeat(np.arange(count), size)


def test_equal_sums_of_tenths_are_ties_whatever_their_last_digits():
    tenths = [3, -1, -2, 4, 1, -5, 2]
    sums = [sum(s * x for s, x in zip(signs, tenths, strict=True)) for signs in product((1, -1), repeat=7)]
    result = association_test(effects(0.5 + np.array(tenths) / 10), alternative="greater", seed=0)
    assert (result.p_greater, result.p_less) == (
        sum(x >= sums[0] for x in sums) / 128,
        sum(x <= sums[0] for x in sums) / 128,
    )


def effects(values, chance=0.5, low=0.0, high=1.0):
    names = tuple(str(i) for i in range(len(values)))
    return WithinUnits("AUROC", np.asarray(values) - chance, names, 0, chance, low, high)


def test_interval_of_shares_is_wilsons_with_students_quantile_or_farther_where_skewed():
    """Units that are all 0 or 1 are plain shares; n / (n - 1) is the dispersion the unbiased variance gives."""
    values = np.r_[np.ones(7), np.zeros(5)]
    found = association_estimate(effects(values), level=0.9)
    inflated = stats.norm.sf(stats.t.ppf(0.95, 11) * np.sqrt(12 / 11)) * 2
    low, high = proportion_confint(7, 12, alpha=inflated, method="wilson")
    skewed = mean_interval(values, 0.9)
    assert (found.low, found.high) == pytest.approx((min(low, skewed[0]), max(high, skewed[1])), rel=1e-9)
    assert found.value == pytest.approx(7 / 12)


@quick
@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), st.floats(0.5, 0.99))
def test_interval_contains_the_mean_stays_in_its_range_and_never_is_a_point(values, level):
    for found in (
        association_estimate(effects(values), level=level),
        association_estimate(effects(2 * np.array(values) - 1, 0.0, -1.0, 1.0), level=level),
    ):
        bounds = (0.0, 1.0) if found.low >= 0 and min(values) >= 0 and found.value >= 0 else (-1.0, 1.0)
        assert -1 <= found.low <= found.value <= found.high <= bounds[1]
        assert found.low < found.high
    plain, mirrored = (association_estimate(effects(x), level=level) for x in (values, 1 - np.array(values)))
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - plain.high, 1 - plain.low), abs=1e-6)


def test_units_all_at_the_end_leave_room_for_what_was_not_seen():
    found = association_estimate(effects(np.ones(20)))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.05 ** (1 / 20))
    assert stats.binom.pmf(20, 20, found.low) == pytest.approx(0.05)


@pytest.mark.parametrize(("shift", "units"), [(0.0, 6), (1.0, 20), (3.0, 10)])
def test_coverage_of_the_mean_auroc(shift, units):
    rng, runs, held = np.random.default_rng([7, units]), 400, 0
    shifts = rng.normal(shift, 0.5, 200_000)
    true = stats.norm.cdf(shifts / np.sqrt(2)).mean()
    for _ in range(runs):
        ones = rng.normal(size=(units, 10, 1)) + rng.normal(shift, 0.5, (units, 1, 1))
        found = association_estimate(effects((ones > rng.normal(size=(units, 1, 30))).mean(axis=(1, 2))))
        held += found.low <= true <= found.high
    assert held >= stats.binom.ppf(0.0005, runs, 0.94)
