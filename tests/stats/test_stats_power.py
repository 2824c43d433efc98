from __future__ import annotations

import math

import numpy as np
import pytest
from cases import for_each
from flat import chances_of, power_of, two_sample_tests, units_needed
from scipy import integrate, stats
from statsmodels.stats.power import TTestIndPower, TTestPower
from thorough import draws

from neuronclaims.stats import PlannedClaim, StatsError, auroc_many, equivalence_test, smallest_p

PLAIN = {"threshold": None, "side": "greater", "counts": (10, 10), "paired": False}


@pytest.mark.parametrize("d", [0.4, 0.91, 1.32])
@pytest.mark.parametrize(("side", "tail"), [("greater", "larger"), ("two-sided", "two-sided")])
def test_units_for_a_difference_of_means_equal_statsmodels(d, side, tail):
    # A claim of one side is judged by the two-sided p, so half of alpha is left for the side claimed.
    alpha = 0.05 if tail == "two-sided" else 0.025
    expected = math.ceil(TTestIndPower().solve_power(d, alpha=alpha, power=0.8, alternative=tail))
    found = units_needed(**PLAIN | {"side": side}, statistic="mean", effect=d)
    assert found == (expected, expected)


@pytest.mark.parametrize("d", [0.4, 0.91, 1.32])
@pytest.mark.parametrize("ratio", [2, 4])
def test_units_for_sets_of_unequal_size_are_those_of_welchs_test(d, ratio):
    def power(n):
        df = welch_df(n, ratio * n)
        return stats.nct.sf(stats.t.isf(0.025, df), df, d * math.sqrt(n * ratio / (1 + ratio)))

    n = next(n for n in range(2, 1000) if power(n) >= 0.8)
    asked = PLAIN | {"statistic": "mean", "effect": d}
    assert units_needed(**asked | {"counts": (10, 10 * ratio)}) == (n, ratio * n)
    assert units_needed(**asked | {"counts": (10 * ratio, 10)}) == (ratio * n, n)


@pytest.mark.parametrize("dz", [0.4, 0.66, 1.0])
def test_units_for_paired_differences_equal_statsmodels(dz):
    by_t = math.ceil(TTestPower().solve_power(dz, alpha=0.05, power=0.8, alternative="two-sided"))
    expected = max(by_t, 14)  # 0.8^13 = .055: one prompt in five can be missed
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
        a, b, paired=False, statistic="auroc", alternative="two-sided", seed=0, resamples=1999
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
    assert units_needed(**options, statistic="mean", effect=50.0) == (14, 14)  # 0.8^14 = .044
    assert units_needed(**options, statistic="mean", effect=50.0, each=20.0) == (6, 6)  # 2 / 2^6
    assert units_needed(**options | {"paired": False}, statistic="mean", effect=50.0) == (4, 4)  # 2 / 70


@for_each("n", [5, 10, 13, 14, 50])
@for_each("d", [0.1, 0.8, -0.5])
@for_each("side, tail", [("greater", "larger"), ("less", "smaller"), ("two-sided",) * 2])
def test_power_for_means_without_a_number_equals_statsmodels(n, d, side, tail):
    ask = {"statistic": "mean", "effect": d, "threshold": None, "side": side, "counts": (n, n)}
    half = 1 if tail == "two-sided" else 2
    expected = TTestIndPower().power(d, n, 0.05 / 3 / half, alternative=tail)
    assert power_of(**ask, paired=False, family=3) == pytest.approx(expected, abs=1e-9)
    expected = TTestPower().power(d, n, 0.05 / half, alternative=tail)
    found = power_of(**ask, paired=True)  # fewer than 14 can miss one prompt in five
    assert found == pytest.approx(expected * (0.8**n <= 0.05), abs=1e-9)


def welch_df(n1, n2):
    return (1 / n1 + 1 / n2) ** 2 / (1 / n1**2 / (n1 - 1) + 1 / n2**2 / (n2 - 1))


def over_spread(df, chance):
    """Integrate chance(s) over the law of the estimated standard deviation s, by SciPy's adaptive rule."""
    law = stats.chi(df, scale=1 / math.sqrt(df))
    ends = law.ppf([1e-13, 1 - 1e-13])
    return integrate.quad(lambda s: law.pdf(s) * chance(s), *ends, epsabs=1e-10, limit=500)[0]


@pytest.mark.parametrize("n", [10, 20, 21, 40])
@pytest.mark.parametrize("number", [0.1, 0.5])
def test_power_beyond_a_number_is_the_chance_that_p_against_the_number_is_small(n, number):
    size, df, true = math.sqrt(n / 2), 2 * n - 2, 1.2
    reach = stats.t.ppf(1 - 0.025 / 5, df)

    def chance(s):
        return stats.norm.sf(number * size + reach * s - true * size)

    ask = {"statistic": "mean", "effect": true, "threshold": number, "side": "greater", "counts": (n, n)}
    found = power_of(**ask, paired=False, family=5)
    seen = 5 * 0.8**n <= 0.05  # as it is from 21 prompts on; fewer can miss one in five
    assert found == pytest.approx(seen * over_spread(df, chance), abs=1e-4)
    # In sd an effect has to exceed 1.3 times the number, and few values cannot tell their shape (ADR 44).
    bound = stats.nct.ppf(1 - 0.025 / 5, df, 1.3 * number * size)
    expected = 0.0 if n < 20 else stats.nct.sf(bound, df, true * size)
    assert power_of(**ask, paired=False, family=5, standardised=True) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("n", [10, 13, 14, 80])
def test_power_of_two_one_sided_tests_is_their_joint_chance(n):
    size, df, margin, true = math.sqrt(n / 2), 2 * n - 2, 0.5, 0.1
    reach = stats.t.ppf(0.975, df)

    def within(s):
        edge = margin * size - reach * s
        return max(0.0, stats.norm.cdf(edge - true * size) - stats.norm.cdf(-edge - true * size))

    ask = {"statistic": "mean", "effect": true, "threshold": None, "margin": margin, "counts": (n, n)}
    found = power_of(**ask, side="two-sided", paired=False)
    seen = 0.8**n <= 0.05
    assert found == pytest.approx(seen * over_spread(df, within), abs=1e-4)
    # "does not activate more" denies one side only: one t test, moved by the margin.
    expected = seen * stats.nct.cdf(-reach, df, (true - margin) * size)
    assert power_of(**ask, side="greater", paired=False) == pytest.approx(expected, abs=1e-6)
    less = ask | {"effect": -true}
    assert power_of(**less, side="less", paired=False) == pytest.approx(expected, abs=1e-6)


def test_prompts_for_an_equivalence_claim_are_the_first_to_reach_the_power():
    ask = {"statistic": "mean", "effect": 0.0, "threshold": None, "side": "two-sided", "margin": 0.5}
    n, same = units_needed(**ask, counts=(10, 10), paired=False)
    # By Schuirmann's formula for n per group: 2 (z of 1 - alpha/2 + z of (1 + power)/2)^2 / margin^2, and t for z.
    assert n == same == pytest.approx(2 * (stats.norm.ppf(0.975) + stats.norm.ppf(0.9)) ** 2 / 0.25, abs=2)
    assert power_of(**ask, counts=(n - 1, n - 1), paired=False) < 0.8
    assert units_needed(**ask | {"effect": 0.5}, counts=(10, 10), paired=False) is None


@for_each(
    "counts, close", [((5, 5), 0.04), ((5, 10), 0.04), ((10, 10), 0.03), ((20, 20), 0.03), ((50, 50), 0.03)]
)
@for_each("d", [0.5, 0.8, 1.2, 2.0])
def test_permutation_tests_have_the_power_of_the_t_test(counts, close, d):
    rng = np.random.default_rng(11)
    sets = draws(1000, 2500)
    close *= math.sqrt(2500 / sets)
    a, b = rng.normal(d, 1, (counts[0], sets)), rng.normal(0, 1, (counts[1], sets))
    found = np.concatenate(
        [
            two_sample_tests(
                a[:, part : part + 500],
                b[:, part : part + 500],
                paired=False,
                statistic="mean",
                alternative="two-sided",
                seed=part,
                resamples=999,
                exact_limit=4000,
            ).p_value
            for part in range(0, sets, 500)
        ]
    )
    ask = {"effect": d, "threshold": None, "side": "two-sided", "counts": counts, "paired": False}
    assert np.mean(found <= 0.05) == pytest.approx(power_of(statistic="mean", **ask), abs=close)


def test_a_margin_that_few_prompts_cannot_reach_has_no_power():
    asked = {"statistic": "auroc", "effect": 0.5, "threshold": None, "side": "two-sided", "margin": 0.1}
    for n in (5, 20, 60, 200):
        # The clearest possible data have an AUROC of exactly 0.5: the test of them has the least p.
        best = equivalence_test(
            np.arange(2.0 * n)[np.arange(2 * n) % 4 % 3 == 0],
            np.arange(2.0 * n)[np.arange(2 * n) % 4 % 3 != 0],
            margin=0.1,
            scale="auroc",
            paired=False,
        ).p_value
        claim = PlannedClaim("auroc", 0.5, "two-sided", paired=False, margin=0.1)
        least, supported = smallest_p(claim, n, n), power_of(**asked, counts=(n, n), paired=False)
        assert least <= 2 * best + 1e-12
        assert (supported > 0) <= (least <= 0.05)
    assert smallest_p(claim, 5, 5) > 0.05 > least


@for_each(
    "statistic, scale, margin", [("mean", "difference", 0.6), ("mean", "sd", 0.6), ("auroc", "auroc", 0.15)]
)
@for_each("side, denied", [("within", "two-sided"), ("not greater", "greater")])
@for_each("paired", [False, True])
def test_equivalence_tests_have_the_power_that_is_planned(statistic, scale, margin, side, denied, paired):
    n, sets = 35, draws(200, 600)
    rng = np.random.default_rng(21)
    # Members of a pair are independent, so their differences have twice the variance.
    a, b = rng.normal(size=(sets, n)), rng.normal(size=(sets, n))
    unit = math.sqrt(2) if paired and scale == "difference" else 1.0
    found = [
        equivalence_test(x, y, margin=margin * unit, scale=scale, paired=paired, side=side).p_value <= 0.025
        for x, y in zip(a, b, strict=True)
    ]
    planned = power_of(
        statistic=statistic,
        effect=0.5 if statistic == "auroc" else 0.0,
        threshold=None,
        side=denied,
        counts=(n, n),
        paired=paired,
        margin=margin,
        standardised=scale == "sd",
    )
    close = math.sqrt(600 / sets) * (0.09 if paired and scale == "auroc" else 0.05)
    assert np.mean(found) == pytest.approx(planned, abs=close)


def share_power(n, true, claimed, side, family=1):
    counts = np.arange(n + 1)
    least = {
        "greater": stats.binom.sf(counts - 1, n, claimed),
        "less": stats.binom.cdf(counts, n, claimed),
    }
    smaller = 2 * np.minimum(least["greater"], least["less"])
    least = {name: np.where(tail == smaller / 2, smaller, 1.0) for name, tail in least.items()}
    least["two-sided"] = smaller
    return stats.binom.pmf(counts, n, true)[least[side] * family <= 0.05].sum()


@for_each("true, claimed", [(0.8, 0.6), (0.95, 0.9), (0.02, 0.01), (0.3, 0.5)])
@for_each("side", ["greater", "less", "two-sided"])
@for_each("n", [1, 5, 10, 73])
def test_power_for_shares_is_the_exact_binomial_sum(true, claimed, side, n):
    ask = {"statistic": "share", "effect": true, "threshold": claimed, "side": side, "counts": (n, n)}
    found = power_of(**ask, paired=False, family=2)
    assert found == pytest.approx(share_power(n, true, claimed, side, family=2), abs=1e-12)


def test_ten_prompts_support_sixty_percent_from_ten_on_and_refute_it_up_to_two():
    ask = {"statistic": "share", "effect": 0.7, "threshold": 0.6, "side": "greater", "counts": (10, 10)}
    found = chances_of(**ask, paired=True)
    assert found.supported == pytest.approx(stats.binom.sf(9, 10, 0.7))
    assert found.refuted == pytest.approx(stats.binom.cdf(2, 10, 0.7))


@pytest.mark.parametrize(("true", "claimed", "side"), [(0.8, 0.6, "greater"), (0.3, 0.5, "less")])
def test_prompts_for_a_share_are_the_first_from_which_the_power_stays(true, claimed, side):
    ask = {"statistic": "share", "effect": true, "threshold": claimed, "side": side, "counts": (9, 9)}
    enough = [share_power(n, true, claimed, side) >= 0.8 for n in range(300)]
    first = 300 - enough[::-1].index(False)
    assert True in enough[:first]  # the sawtooth: the power was reached before, and lost again
    assert units_needed(**ask, paired=False) == (first, first)


def test_searching_many_neurons_and_a_larger_family_cost_power_alike():
    ask = {"statistic": "mean", "effect": 1.0, "threshold": None, "side": "greater", "counts": (20, 20)}
    assert power_of(**ask, paired=False, searched=768) == power_of(**ask, paired=False, family=768)
    assert units_needed(**ask, paired=False, searched=768) > units_needed(**ask, paired=False)


@for_each(
    "change, words",
    [
        ({"counts": (1, 5)}, "at least 2 units"),
        ({"effect": float("nan")}, "finite"),
        ({"margin": 0.5, "threshold": 0.2}, "not both"),
        ({"margin": -1.0}, "positive"),
        ({"statistic": "auroc", "effect": 1.5}, r"in \[0, 1\]"),
        ({"statistic": "share"}, "give the threshold"),
        ({"family": 0}, "at least 1"),
        ({"side": "more"}, "side must be"),
    ],
)
def test_what_cannot_be_planned_is_said(change, words):
    with pytest.raises(StatsError, match=words):
        power_of(**PLAIN | {"statistic": "mean", "effect": 0.5} | change)
