from __future__ import annotations

import numpy as np
import pytest
from cases import for_each
from scipy import stats
from skewed import mean_interval, mean_p, share_p

from neuronclaims.kinds.outliers.token_share import mean_share
from neuronclaims.stats import EffectSize, paired_mean_difference_estimate
from neuronclaims.stats.distributions.bounded_mean import mean_above_p, mean_below_p
from neuronclaims.stats.distributions.skewed_mean import SkewedMean, units_that_count
from neuronclaims.stats.rule import at_boundary, interval_p, interval_test


@for_each("n", [3, 8, 20, 50])
@for_each("draw", ["normal", "lognormal", "exponential", "standard_cauchy"])
def test_the_mean_of_skewed_values_is_held_against_the_larger_p_of_two(n, draw):
    values = getattr(np.random.default_rng(n), draw)(size=n)
    found = SkewedMean.of(values)
    for bound in values.mean() + np.linspace(-3, 3, 7) * stats.sem(values):
        assert found.above(bound) == pytest.approx(mean_p(values, bound, "greater"), rel=1e-7)
        assert found.below(bound) == pytest.approx(mean_p(values, bound, "less"), rel=1e-7)
    assert found.limits(0.9) == pytest.approx(mean_interval(values, 0.9), rel=1e-6)


@for_each("n, ones, bound", [(5, 0, 0.3), (10, 3, 0.6), (12, 12, 0.9), (40, 3, 0.3), (200, 20, 0.3)])
def test_shares_of_0_and_1_get_the_exact_binomial_p(n, ones, bound):
    values = np.repeat([1.0, 0.0], (ones, n - ones))
    assert mean_below_p(values, bound) == pytest.approx(stats.binom.cdf(ones, n, bound), rel=1e-9)
    assert mean_above_p(values, bound) == pytest.approx(stats.binom.sf(ones - 1, n, bound), rel=1e-9)


@for_each("n", [2, 6, 12, 30])
@for_each("bound", [0.35, 0.5, 0.62, 0.8])
def test_shares_in_between_get_the_chance_of_exponential_weights(n, bound):
    values = np.random.default_rng(n).beta(3, 2, size=n)
    for p, side in ((mean_below_p, "less"), (mean_above_p, "greater")):
        assert p(values, bound) == pytest.approx(share_p(values, bound, side), rel=1e-5, abs=1e-9)


def test_a_mean_that_rests_on_few_values_shows_nothing_by_any_test():
    rng = np.random.default_rng(0)
    spiked = np.where(np.arange(40) < 37, 0.0, rng.exponential(size=40))
    found = paired_mean_difference_estimate(spiked, 0 * spiked)
    assert units_that_count(spiked) < 5
    assert found.caution.key == "rests_on_few"
    assert "mean rests on about" in found.caution.sentence
    assert found.caution.least_p == 0.8 ** units_that_count(spiked)
    for bound in (found.value - 10, found.value + 10):
        assert interval_p(found, "greater", 0.0, bound) == found.caution.least_p
        test = interval_test(found, "greater", 0.0, bound)
        assert at_boundary(test, found, "greater", 0.0, bound).p_value == found.caution.least_p
    assert paired_mean_difference_estimate(rng.normal(size=40), np.zeros(40)).caution.key == "few_units"
    assert (
        paired_mean_difference_estimate(rng.normal(size=70), np.zeros(70)).caution is None
    )  # 0.8^70 is nothing


def test_one_prompt_in_twenty_with_many_outliers_does_not_refute_the_share_that_it_makes():
    """Twelve prompts with 2 % each do not contradict a mean of 6 %: one in 25 may have all of them (P = .61)."""
    shares = np.full(12, 0.02)
    found = mean_share(shares, EffectSize("share", "share"))
    assert found.high > 0.06
    assert found.p_against(0.06) == 1.0
    assert mean_below_p(shares, 0.06) >= (1 - 0.04 / 0.98) ** 12 * 0.999
