from __future__ import annotations

import numpy as np
import pytest
from cases import for_each
from scipy import stats
from skewed_sets import difference_interval, difference_p

from neuronclaims.stats import (
    blocked_mean_difference_estimate,
    cautioned,
    interval_test,
    mean_difference_estimate,
    mean_difference_estimates,
)


@for_each("draw", ["normal", "lognormal", "exponential", "standard_cauchy"])
@for_each("n1, n2", [(2, 3), (8, 8), (10, 40), (40, 9)])
def test_a_difference_of_means_is_held_against_welchs_t_less_the_bends(draw, n1, n2):
    rng = np.random.default_rng(n1)
    x, y = 3 * getattr(rng, draw)(size=n1), 1 - getattr(rng, draw)(size=n2)
    found = mean_difference_estimate(x, y, level=0.9)
    for bound in found.value + np.array([-9, -3, -1, 0.5, 2, 9]) * np.hypot(stats.sem(x), stats.sem(y)):
        sides = [difference_p(x, y, bound, side) for side in ("greater", "less")]
        assert found.tails(bound) == pytest.approx(sides, rel=1e-7)
    assert (found.low, found.high) == pytest.approx(difference_interval(x, y, 0.9), rel=1e-6)


def test_symmetric_sets_are_left_to_welchs_t_and_skewed_ones_are_slowed_on_the_side_of_the_tail():
    even = np.array([3.0, 1, -1, 4, 2, 0, 5, -2, 1.5])
    test = stats.ttest_ind(even, 2 * even + 1, equal_var=False)
    found = mean_difference_estimate(even, 2 * even + 1)
    assert found.p_against(0.0) == pytest.approx(test.pvalue, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(tuple(test.confidence_interval(0.95)), rel=1e-9)
    assert (found.caution.key, found.caution.least_p, found.caution.plain) == ("few_units", 0.0, None)
    wide, narrow = (
        3 * stats.expon.ppf((np.arange(30) + 0.5) / 30),
        stats.expon.ppf((np.arange(30) + 0.5) / 30),
    )
    found, plain = mean_difference_estimate(wide, narrow), stats.ttest_ind(wide, narrow, equal_var=False)
    low, high = plain.confidence_interval(0.95)
    assert found.low == pytest.approx(
        low, rel=1e-9
    )  # spreads 3:1, so no tail can be missing from the narrow set
    assert found.high > high + (high - low) / 4
    assert mean_difference_estimate(narrow, wide).low == pytest.approx(-found.high, rel=1e-12)


def test_many_neurons_at_once_and_one_block_are_as_one_alone():
    rng = np.random.default_rng(3)
    x, y = rng.lognormal(size=(9, 5)), rng.exponential(size=(14, 5))
    for column, found in enumerate(mean_difference_estimates(x, y)):
        alone = mean_difference_estimate(x[:, column], y[:, column])
        assert (found.low, found.high, found.caution) == (alone.low, alone.high, alone.caution)
        whole = blocked_mean_difference_estimate(x[:, column], y[:, column], ([0] * 9, [0] * 14))
        assert (whole.low, whole.high) == (alone.low, alone.high)


def test_blocks_have_the_bends_of_what_their_levels_leave():
    """Two blocks of one design: the fit takes the blocks' levels away, and all else is as without blocks."""
    rng = np.random.default_rng(4)
    x, y = np.round(3 * rng.lognormal(size=16), 2), np.round(rng.lognormal(size=16), 2)
    codes = [0, 1] * 8
    jumps = 1000.0 * np.array(codes)
    found, moved = (blocked_mean_difference_estimate(x + add, y + add, (codes, codes)) for add in (0, jumps))
    assert (moved.low, moved.high) == pytest.approx((found.low, found.high), rel=1e-8)
    assert found.high - found.value > 1.5 * (found.value - found.low)
    assert found.tails(found.high)[1] == pytest.approx(0.025, rel=1e-6)
    assert found.caution.key == "skewed_sets"


@for_each(
    "title, draw",
    [
        ("3:1", lambda rng: 3 * rng.lognormal(size=20) - 2 * np.exp(0.5)),
        ("lifted", lambda rng: np.exp(rng.normal(size=20) + 1) - np.exp(1.5) + np.exp(0.5)),
    ],
)
def test_lognormal_sets_of_equal_mean_and_unlike_spread_are_told_apart_as_seldom_as_alpha_says(title, draw):
    """Welch's t alone gives 190 to 250 of 10,000 below .0025, where 25 are due."""
    rng, sets = np.random.default_rng(0), 2000
    x, y = (
        np.stack([one(rng) for _ in range(sets)], axis=1)
        for one in (draw, lambda rng: rng.lognormal(size=20))
    )
    welch = stats.ttest_ind(x, y, equal_var=False).pvalue <= 0.0025
    ours = [found.p_against(0.0) <= 0.0025 for found in mean_difference_estimates(x, y)]
    assert welch.sum() > 30
    assert sum(ours) <= stats.binom.isf(1e-4, sets, 1.5 * 0.0025)


def test_a_claim_left_open_by_skewness_alone_says_so():
    rng = np.random.default_rng(7)
    x, y = rng.lognormal(size=12) + 3, rng.lognormal(size=12)
    found = mean_difference_estimate(x, y)
    test = interval_test(found, "greater", 0.0, None)
    welch = stats.ttest_ind(x, y, equal_var=False).pvalue
    assert welch < test.p_value
    assert "claim an AUROC" in found.caution.sentence
    for limit in (welch / 2, (welch + test.p_value) / 2, 2 * test.p_value):
        assert cautioned(found, test, "greater", 0.0, None, limit) == (welch <= limit < test.p_value)
