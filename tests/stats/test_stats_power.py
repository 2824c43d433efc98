from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestIndPower, TTestPower

from neuronclaims.stats import auroc_many, smallest_units, two_sample_design, two_sample_tests, units_needed

PLAIN = {"threshold": None, "side": "greater", "counts": (10, 10), "paired": False}


@pytest.mark.parametrize("d", [0.4, 0.91, 1.32])
@pytest.mark.parametrize(("side", "tail"), [("greater", "larger"), ("two-sided", "two-sided")])
@pytest.mark.parametrize("ratio", [1, 2])
def test_units_for_a_difference_of_means_equal_statsmodels(d, side, tail, ratio):
    expected = TTestIndPower().solve_power(d, alpha=0.05, power=0.8, ratio=ratio, alternative=tail)
    found = units_needed(**PLAIN | {"side": side, "counts": (10, 10 * ratio)}, statistic="mean", effect=d)
    assert found == (math.ceil(expected), ratio * math.ceil(expected))
    turned = units_needed(**PLAIN | {"side": side, "counts": (10 * ratio, 10)}, statistic="mean", effect=d)
    assert turned == found[::-1]


@pytest.mark.parametrize("dz", [0.4, 0.66, 1.0])
def test_units_for_paired_differences_equal_statsmodels(dz):
    expected = math.ceil(TTestPower().solve_power(dz, alpha=0.05, power=0.8, alternative="two-sided"))
    options = PLAIN | {"side": "two-sided", "paired": True}
    assert units_needed(**options, statistic="mean", effect=dz) == (expected, expected)


def test_units_for_a_difference_beyond_a_number_also_put_the_interval_beyond_it():
    # The excess over the number, tested one-sided at half of 1 - level, is the harder of the two conditions here.
    expected = math.ceil(TTestIndPower().solve_power(1.0 - 0.5, alpha=0.025, power=0.8, alternative="larger"))
    found = units_needed(**PLAIN | {"threshold": 0.5}, statistic="mean", effect=1.0)
    assert found == (expected, expected)
    found = units_needed(**PLAIN | {"threshold": -0.5, "side": "less"}, statistic="mean", effect=-1.0)
    assert found == (expected, expected)


def test_units_for_an_auroc_give_the_promised_power():
    shift = math.sqrt(2) * stats.norm.ppf(0.75)
    n1, n2 = units_needed(**PLAIN | {"counts": (10, 20)}, statistic="auroc", effect=0.75)
    rng = np.random.default_rng(0)
    a, b = rng.normal(shift, 1, (n1, 400)), rng.normal(0, 1, (n2, 400))
    found = two_sample_tests(
        a, b, paired=False, statistic="auroc", alternative="greater", seed=0, resamples=1999
    )
    assert auroc_many(a, b).mean() == pytest.approx(0.75, abs=0.02)
    assert 0.74 < np.mean(found.p_value <= 0.05) < 0.88


def test_a_larger_family_a_closer_number_and_a_smaller_effect_need_more():
    def need(**change):
        return units_needed(**PLAIN | {"statistic": "auroc", "effect": 0.85} | change)[0]

    assert need() < need(family=20) < need(family=2000)
    assert need() < need(threshold=0.7) < need(threshold=0.8)
    assert need(effect=0.95) < need() < need(effect=0.7)


@pytest.mark.parametrize(
    "change",
    [
        {"effect": 0.5},
        {"effect": 0.3},
        {"effect": 0.75, "threshold": 0.8},
        {"effect": 0.5001},
        {"effect": 0.7, "side": "less"},
        {"effect": 0.3, "side": "two-sided", "threshold": 0.75},
    ],
)
def test_none_when_no_number_of_prompts_would_do(change):
    assert units_needed(**PLAIN | {"statistic": "auroc"} | change) is None


def test_a_perfect_separation_still_needs_a_design_that_can_reach_the_level():
    options = PLAIN | {"counts": (2, 2), "paired": True, "side": "two-sided"}
    assert units_needed(**options, statistic="mean", effect=50.0) == (6, 6)


@pytest.mark.parametrize("alternative", ["greater", "two-sided"])
@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize("family", [1, 10, 768])
def test_smallest_units_are_the_first_whose_smallest_p_reaches_the_level(alternative, paired, family):
    def least(n):
        pairs = [str(i) for i in range(n)] if paired else None
        return two_sample_design([None] * n, [None] * n, pairs, pairs).smallest_p(alternative)

    n, same = smallest_units(alternative=alternative, counts=(5, 5), paired=paired, family=family)
    assert n == same
    assert least(n) * family <= 0.05 < least(n - 1) * family


def test_smallest_units_of_the_published_table():
    assert smallest_units(alternative="two-sided", counts=(3, 3), paired=False) == (4, 4)
    assert smallest_units(alternative="two-sided", counts=(3, 3), paired=False, alpha=0.01) == (5, 5)
    assert smallest_units(alternative="two-sided", counts=(5, 10), paired=False) == (3, 6)
    assert smallest_units(alternative="two-sided", counts=(3, 3), paired=False, family=6) == (5, 5)
    assert smallest_units(alternative="two-sided", counts=(3, 3), paired=False, family=7) == (6, 6)
