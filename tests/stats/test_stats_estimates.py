"""What every estimate does when the values change their unit, their origin, their order or their type."""

from __future__ import annotations

import math

import numpy as np
import pytest
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from stats_data import KINDS, quick, sample

from neuronclaims.stats import (
    auroc_estimate,
    dz_estimate,
    hedges_g_estimate,
    mean_difference_estimate,
    paired_auroc_estimate,
    paired_mean_difference_estimate,
    ratio_of_means_estimate,
)

DIFFERENCES = (mean_difference_estimate, paired_mean_difference_estimate)
STANDARDISED = (hedges_g_estimate, dz_estimate)
RANKED = (auroc_estimate, paired_auroc_estimate)
ALL = (*DIFFERENCES, *STANDARDISED, *RANKED, ratio_of_means_estimate)
WHOLE = st.integers(-50, 50).map(float)
SETS = st.integers(3, 9).flatmap(
    lambda n: st.tuples(*[hnp.arrays(np.float64, n, elements=WHOLE) for _ in range(2)])
)


def numbers(found):
    return [math.nan if x is None else x for x in (found.low, found.value, found.high)]


@quick
@given(SETS, st.integers(-1000, 1000))
def test_a_shift_of_all_values_changes_no_effect(sets, shift):
    a, b = sets
    for estimate in (*DIFFERENCES, *STANDARDISED, *RANKED):
        assert numbers(estimate(a + shift, b + shift)) == pytest.approx(
            numbers(estimate(a, b)), rel=1e-9, abs=1e-9, nan_ok=True
        )


@quick
@given(SETS, st.floats(1e-3, 1e3))
def test_a_change_of_unit_scales_differences_and_nothing_else(sets, factor):
    a, b = sets
    for estimate in ALL:
        times = factor if estimate in DIFFERENCES else 1.0
        wanted = [times * x for x in numbers(estimate(a, b))]
        # 2^k is exact; other factors round, and may part two equal values: ranks are asked for powers only.
        power = 2.0 ** round(math.log2(factor))
        if estimate in RANKED:
            assert numbers(estimate(a * power, b * power)) == wanted
        else:
            wide = 1e-6 * max(1.0, times)
            assert numbers(estimate(a * factor, b * factor)) == pytest.approx(
                wanted, rel=1e-6, abs=wide, nan_ok=True
            )


@quick
@given(SETS)
def test_any_rising_change_of_values_leaves_ranks_and_their_effects(sets):
    a, b = sets
    for estimate in RANKED:
        assert estimate(np.exp(a / 50), np.exp(b / 50)) == estimate(a, b)


@for_each("estimate", ALL)
@for_each("kind", KINDS)
@for_each("level", [0.5, 0.95, 0.999999])
def test_on_every_kind_of_values_the_interval_is_finite_and_holds_the_estimate(estimate, kind, level):
    rng = np.random.default_rng(len(kind))
    for _ in range(5):
        found = estimate(sample(kind, 8, rng), sample(kind, 8, rng), level=level)
        given_numbers = [x for x in (found.low, found.value, found.high) if x is not None]
        assert all(math.isfinite(x) for x in given_numbers)
        assert given_numbers == sorted(given_numbers)
        assert (found.low is None) == (found.high is None)


@for_each("estimate", ALL)
@for_each("kind", ["bool", "int8", "uint8", "int64", "float16", "float32", "list"])
def test_the_type_of_the_numbers_does_not_matter(estimate, kind):
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2, 9), rng.integers(0, 2, 9)
    if kind != "bool":
        a, b = a * rng.integers(1, 100, 9), b * rng.integers(1, 100, 9) + 3
    typed = (a.tolist(), b.tolist()) if kind == "list" else (a.astype(kind), b.astype(kind))
    assert estimate(*typed) == estimate(a.astype(np.float64), b.astype(np.float64))


@pytest.mark.parametrize("estimate", ALL)
def test_a_higher_level_gives_a_wider_interval(estimate):
    rng = np.random.default_rng(2)
    a, b = rng.normal(3, 1, 10), rng.normal(4, 1, 10)
    low, mid, high = (estimate(a, b, level=level) for level in (0.5, 0.9, 0.999))
    assert high.low < mid.low < low.low < low.value < low.high < mid.high < high.high


def test_one_value_a_million_times_larger_moves_ranks_no_more_than_any_largest_value():
    a, b = np.array([1.0, 2, 3, 4, 9]), np.array([1.5, 2.5, 3.5, 0.5, 6])
    wild = np.where(a == 9, 9e6, a)
    for estimate in RANKED:
        assert estimate(wild, b) == estimate(a, b)
    for estimate in DIFFERENCES[:2]:
        found = estimate(wild, b)
        assert found.low < 0 < found.high  # the outlier makes the mean unsure, not significant
