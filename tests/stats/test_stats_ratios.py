from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from cases import for_each
from flat import ratio_test, two_sample_test
from hypothesis import example, given
from hypothesis import strategies as st
from scipy import stats
from skewed import mean_p
from stats_data import quick

from neuronclaims.stats import StatsError, ratio_of_means_estimate, ratio_summary


def drawn(seed, n=12, mean=4.0, ratio=0.3):
    rng = np.random.default_rng(seed)
    bottom = rng.normal(mean, 1.5, n)
    return ratio * bottom + rng.normal(0, 0.8, n), bottom


def fieller(top, bottom, level):
    """Return the textbook roots of the quadratic in R, from means, variances and the covariance."""
    n, q = len(top), stats.t.ppf((1 + level) / 2, len(top) - 1)
    cov = np.cov(top, bottom) / n
    a = bottom.mean() ** 2 - q**2 * cov[1, 1]
    b = top.mean() * bottom.mean() - q**2 * cov[0, 1]
    c = top.mean() ** 2 - q**2 * cov[0, 0]
    return a, ((b - math.sqrt(b * b - a * c)) / a, (b + math.sqrt(b * b - a * c)) / a) if a > 0 else None


@for_each("seed", range(8))
@for_each("level", [0.5, 0.95, 0.999])
def test_the_interval_is_fiellers_closed_form_or_wider_where_values_are_skewed(seed, level):
    top, bottom = drawn(seed, mean=4.0 if seed % 2 else -4.0)
    found = ratio_of_means_estimate(top, bottom, level=level)
    a, roots = fieller(top, bottom, level)
    assert found.value == pytest.approx(top.sum() / bottom.sum(), rel=1e-12)
    if found.low is not None:
        assert found.low <= roots[0] * (1 + 1e-9) if roots[0] > 0 else found.low <= roots[0] * (1 - 1e-9)
        assert found.high >= roots[1] - 1e-9
        for limit in (found.low, found.high):
            assert mean_p(top - limit * bottom) == pytest.approx(1 - level, rel=1e-5)
    elif a > 0:
        assert mean_p(bottom) > 1 - level
    else:
        assert found.low is None


@quick
@example(seed=1737, ratio=0.5, side="less")  # p rises again behind the place where it first falls below 0.05
@given(st.integers(0, 10**6), st.floats(-1, 2), st.sampled_from(["greater", "less"]))
def test_the_interval_holds_the_ratios_that_the_test_does_not_reject(seed, ratio, side):
    top, bottom = drawn(seed)
    found = ratio_of_means_estimate(top, bottom, level=0.9)
    p = ratio_test(top, bottom, threshold=ratio, alternative=side, seed=0, method="t").test.p_value
    assert p == pytest.approx(mean_p(top - ratio * bottom, 0, side), rel=1e-6)
    if found.low is not None and abs(p - 0.05) > 1e-6:
        excluded = found.low > ratio if side == "greater" else found.high < ratio
        # Behind its limit p may rise once more; the verdict, which goes by p, is then the more careful one.
        assert (p < 0.05) == excluded or (excluded and p < 0.1)


@quick
@given(st.integers(0, 10**6), st.sampled_from([0.1, 0.3, 1 / 3, 0.7, -0.25, 1.0, 0.123456789012345]))
def test_the_sign_flips_are_those_of_top_less_ratio_times_bottom(seed, ratio):
    top, bottom = drawn(seed, n=9)
    found = ratio_test(top, bottom, threshold=ratio, alternative="greater", seed=0).test
    d = top - ratio * bottom
    # SciPy loses the tie of the observed flips with themselves where the sum nearly cancels: exact sums instead.
    exact = [Fraction(x) for x in d.tolist()]
    sums = [sum(s * x for s, x in zip(signs, exact, strict=True)) for signs in product((1, -1), repeat=9)]
    assert found.p_value == sum(total >= sum(exact) for total in sums) / 512
    assert found.statistic == pytest.approx(d.mean(), rel=1e-9)


@pytest.mark.parametrize("ratio", [0.1, 0.3, 0.7, 1 / 3])
def test_units_exactly_at_the_number_count_for_neither_side(ratio):
    whole = np.arange(1.0, 8.0)
    tops = whole if ratio == 1 / 3 else np.round(whole * ratio, 10)  # 3 x 0.1 is not 0.3 in floating point
    bottoms = 3 * whole if ratio == 1 / 3 else whole
    found = ratio_test(tops, bottoms, threshold=ratio, alternative="two-sided", seed=0)
    assert (found.test.p_value, found.test.p_greater, found.test.p_less) == (1, 1, 1)
    assert found.test.degenerate


def test_one_half_times_whole_numbers_keeps_every_tie():
    tops, bottoms = np.array([4.0, 3, 9, 5, 1, 2]), np.array([6.0, 3, 11, 7, 4, 2])
    found = ratio_test(tops, bottoms, threshold=0.5, alternative="greater", seed=0)
    expected = two_sample_test(
        2 * tops, bottoms, paired=True, statistic="mean", alternative="greater", seed=0
    )
    assert found.test.p_value == expected.p_value


def test_without_anything_to_recover_there_is_no_interval_and_a_flag():
    top, bottom = np.array([1.0, 2, 0, 1, 3, 2]), np.array([3.0, -2, 1, -1, 2, -2])
    found = ratio_of_means_estimate(top, bottom)
    assert found.value == 9.0
    assert (found.low, found.high) == (None, None)
    assert "unbounded" in found.method
    test = ratio_test(top, bottom, threshold=0.3, alternative="greater", seed=0)
    assert not test.denominator_positive
    assert test.denominator_p == pytest.approx(mean_p(bottom, 0, "greater"))
    assert ratio_of_means_estimate(top, [1.0, -1, 2, -2, 0, 0]).value is None
    assert not ratio_test(top, np.zeros(6), threshold=0.3, alternative="greater", seed=0).denominator_positive


@quick
@given(st.integers(0, 10**6), st.sampled_from([0.0, 0.7, 1.0, 2.0, 4.0]), st.sampled_from([0.8, 0.95]))
def test_the_flag_is_up_exactly_where_the_interval_is_bounded_and_the_denominator_above_zero(
    seed, mean, level
):
    top, bottom = drawn(seed, n=7, mean=mean)
    found = ratio_of_means_estimate(top, bottom, level=level)
    flag = ratio_test(
        top, bottom, threshold=0.3, alternative="greater", seed=0, level=level
    ).denominator_positive
    assert flag == (found.low is not None and bottom.mean() > 0)


def test_constant_denominators_and_constant_ratios_are_decided():
    found = ratio_of_means_estimate([1.0, 2, 3, 4], [2.0, 2, 2, 2])
    expected = stats.ttest_1samp([0.5, 1, 1.5, 2], 0).confidence_interval()
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    test = ratio_test([1.0] * 6, [2.0] * 6, threshold=0.3, alternative="greater", seed=0, method="t")
    assert (test.test.p_value, test.denominator_p, test.denominator_positive) == (2**-6, 2**-6, True)
    found = ratio_of_means_estimate(0.3 * np.arange(1, 7), np.arange(1, 7))
    assert found.value == pytest.approx(0.3)
    assert (found.low, found.high) == (None, None)
    assert "same in all" in found.method
    for seed in range(50):
        bottom = drawn(seed, n=20)[1]
        for ratio in (0.3, 0.7, 1 / 3, 11.0):  # products round: the ratios are the same but for that
            assert ratio_of_means_estimate(ratio * bottom, bottom).low is None


@quick
@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.floats(-1e3, -1e-3), st.floats(-3, 3))
def test_ratios_follow_a_change_of_units_and_a_shift_of_tops_by_bottoms(seed, c, d, shift):
    top, bottom = drawn(seed, mean=6.0)
    plain = ratio_of_means_estimate(top, bottom)
    scaled = ratio_of_means_estimate(c * top, d * bottom)
    assert (scaled.low, scaled.value, scaled.high) == pytest.approx(
        (c / d * plain.high, c / d * plain.value, c / d * plain.low), rel=1e-7, abs=1e-9 * abs(c / d)
    )
    moved = ratio_of_means_estimate(top + shift * bottom, bottom)
    assert (moved.low, moved.value, moved.high) == pytest.approx(
        (plain.low + shift, plain.value + shift, plain.high + shift), abs=1e-7
    )


@quick
@given(st.integers(0, 10**6), st.randoms(use_true_random=False))
def test_order_of_units_changes_no_digit(seed, random):
    top, bottom = drawn(seed, n=20, mean=2.0)
    order = random.sample(range(20), 20)
    assert ratio_of_means_estimate(top[order], bottom[order]) == ratio_of_means_estimate(top, bottom)
    options = {"threshold": 0.3, "alternative": "less", "seed": 5, "exact_limit": 100, "resamples": 199}
    assert ratio_test(top[order], bottom[order], **options) == ratio_test(top, bottom, **options)


@pytest.mark.parametrize("unit", [1e-300, 1e90])
def test_tiny_and_huge_values_have_the_same_ratio(unit):
    top, bottom = drawn(3)
    plain, found = ratio_of_means_estimate(top, bottom), ratio_of_means_estimate(top * unit, bottom * unit)
    assert (found.low, found.value, found.high) == pytest.approx((plain.low, plain.value, plain.high))
    found = ratio_of_means_estimate(top * 1e90, bottom * 1e-300)
    assert (found.value, found.low) == (None, None)


def test_single_ratios_are_summed_up_by_quartiles():
    found = ratio_summary([1.0, 2, 3, 4, 5, 9], [1.0, 1, 1, 1, 1, 0])
    assert (found.count, found.undefined) == (5, 1)
    assert (found.lower_quartile, found.median, found.upper_quartile) == (2, 3, 4)
    assert ratio_summary([1.0, 2], [0.0, 0]).median is None


def test_bad_input_is_refused():
    for bad, says in (
        (([1.0, math.nan], [1.0, 2.0]), "NaN"),
        (([1.0], [1.0]), "at least 2"),
        (([1.0, 2], [1.0, 2, 3]), "one to one"),
    ):
        with pytest.raises(StatsError, match=says):
            ratio_of_means_estimate(*bad)
    with pytest.raises(StatsError, match="must be a number"):
        ratio_test([1.0, 2], [1.0, 2], threshold=math.nan, alternative="greater", seed=0)


def test_at_the_boundary_sign_flips_err_as_often_as_they_say_and_fieller_covers():
    rejected = covered = bounded = 0
    for seed in range(600):
        top, bottom = drawn(seed, n=10, mean=2.0)
        found = ratio_of_means_estimate(top, bottom)
        test = ratio_test(top, bottom, threshold=0.3, alternative="greater", seed=0)
        rejected += test.test.p_value <= 0.05 and test.denominator_positive
        bounded += found.low is not None
        covered += found.low is not None and found.low <= 0.3 <= found.high
    assert rejected <= stats.binom.ppf(0.9995, 600, 0.05)
    assert covered >= stats.binom.ppf(0.0005, bounded, 0.95)
