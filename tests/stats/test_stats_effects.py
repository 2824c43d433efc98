from __future__ import annotations

import math

import numpy as np
import pytest
import stats_brute as brute
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import integrate, optimize, special, stats
from skewed import mean_interval
from skewed_sets import difference_interval
from stats_data import KINDS, quick, sample

from neuronclaims.stats import (
    StatsError,
    auroc,
    auroc_estimate,
    auroc_estimates,
    auroc_many,
    dz_estimate,
    hedges_g_estimate,
    mean_difference_estimate,
    paired_auroc_estimate,
    paired_mean_difference_estimate,
    paired_t_many,
    welch_t_many,
)
from neuronclaims.stats.distributions.newcombe import hanley_mcneil_limits, spread_excess
from neuronclaims.stats.distributions.noncentral import far_cdf, integrated_cdf, noncentral_t_cdf

INDEPENDENT = (auroc_estimate, mean_difference_estimate, hedges_g_estimate)
PAIRED = (paired_auroc_estimate, paired_mean_difference_estimate, dz_estimate)


@for_each("kind", KINDS)
def test_auroc_is_the_share_of_pairs_won_with_ties_half(kind):
    rng = np.random.default_rng(len(kind))
    a = np.stack([sample(kind, 7, rng) for _ in range(3)], axis=1)
    b = np.stack([sample(kind, 9, rng) for _ in range(3)], axis=1)
    for column, found in enumerate(auroc_many(a, b)):
        expected = float(brute.auroc(list(a[:, column]), list(b[:, column])))
        assert found == expected == auroc(a[:, column], b[:, column])


def test_many_t_values_equal_scipy():
    rng = np.random.default_rng(1)
    a, b = rng.normal(1, 2, (6, 50)), rng.normal(0, 1, (9, 50))
    assert welch_t_many(a, b) == pytest.approx(stats.ttest_ind(a, b, equal_var=False).statistic, rel=1e-11)
    assert paired_t_many(a, b[:6]) == pytest.approx(stats.ttest_rel(a, b[:6]).statistic, rel=1e-11)


def test_many_t_values_of_neurons_that_never_vary_are_zero_or_infinite_never_nan():
    a, b = np.array([[1.0, 3.0, 0.0]] * 4), np.array([[1.0, 2.0, 5.0]] * 4)
    for t in (welch_t_many, paired_t_many):
        assert list(t(a, b)) == [0.0, math.inf, -math.inf]


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99])
def test_welch_and_paired_intervals_are_made_of_scipy_s(level):
    rng = np.random.default_rng(2)
    a, b = rng.normal(1, 3, 8), rng.normal(0, 1, 13)
    found = mean_difference_estimate(a, b, level=level)
    assert (found.low, found.high) == pytest.approx(difference_interval(a, b, level), rel=1e-8)
    found = paired_mean_difference_estimate(a, b[:8], level=level)
    assert (found.low, found.high) == pytest.approx(mean_interval(a - b[:8], level), rel=1e-8)
    even = np.array([3.0, 1, -1, 4, 2, 0, 5, -2])  # symmetric about 1.5: no skewness
    found, expected = paired_mean_difference_estimate(even, 0 * even, level=level), stats.ttest_1samp(even, 0)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval(level)), rel=1e-10)
    found = paired_mean_difference_estimate(a, b[:8], level=level)
    assert found.value == pytest.approx((a - b[:8]).mean(), rel=1e-12)


@pytest.mark.parametrize(("n1", "n2"), [(2, 2), (5, 5), (5, 10), (40, 60)])
def test_hedges_g_has_the_exact_factor_and_inverts_the_noncentral_t(n1, n2):
    rng = np.random.default_rng(n1)
    a, b = rng.normal(1, 1, n1), rng.normal(0, 1, n2)
    df, size = n1 + n2 - 2, math.sqrt(n1 * n2 / (n1 + n2))
    t = stats.ttest_ind(a, b).statistic
    factor = math.gamma(df / 2) / math.sqrt(df / 2) / math.gamma((df - 1) / 2)
    found = hedges_g_estimate(a, b)
    assert found.value == pytest.approx(t / size * factor, rel=1e-10)
    assert stats.nct.cdf(t, df, found.low * size) == pytest.approx(0.975, abs=1e-8)
    assert stats.nct.cdf(t, df, found.high * size) == pytest.approx(0.025, abs=1e-8)


def test_hedges_factor_of_five_and_five_is_the_exact_one_not_the_usual_approximation():
    a, b = np.array([0.0, 1, 2, 3, 4]), np.array([1.0, 2, 3, 4, 5])
    assert hedges_g_estimate(a, b).value == pytest.approx(-0.90270 / math.sqrt(2.5), abs=1e-5)


def test_dz_is_in_standard_deviations_of_the_differences():
    d = np.array([1.0, 2.0, 4.0, 3.0, 6.0, 2.0])
    found = dz_estimate(d + 10, np.full(6, 10.0))
    factor = math.gamma(2.5) / math.sqrt(2.5) / math.gamma(2)
    assert found.value == pytest.approx(d.mean() / d.std(ddof=1) * factor, rel=1e-12)
    assert stats.nct.cdf(stats.ttest_1samp(d, 0).statistic, 5, found.low * math.sqrt(6)) == pytest.approx(
        0.975
    )


@pytest.mark.parametrize("df", [4, 7, 38, 1000])
def test_noncentral_t_far_away_is_scipys_where_scipy_can(df):
    for nc in (30.0, 100.0, 1000.0):
        for t in (0.9 * nc, nc, 1.2 * nc):
            assert far_cdf(t, df, nc) == pytest.approx(special.nctdtr(df, nc, t), abs=1e-9)
            assert far_cdf(-t, df, -nc) == pytest.approx(special.nctdtr(df, -nc, -t), abs=1e-9)


def test_an_effect_of_differences_that_are_next_to_equal_has_an_interval_at_once():
    # t is 5e7: only the shape of chi is left of the law, V / df lies between its quantiles.
    a = np.random.default_rng(0).normal(size=8)
    found = dz_estimate(a, (a - 0.3).astype(np.float32).astype(float))
    d = a - (a - 0.3).astype(np.float32)
    dz = d.mean() / d.std(ddof=1)
    limits = [dz * np.sqrt(stats.chi2.ppf(q, 7) / 7) for q in (0.025, 0.975)]
    assert (found.low, found.high) == pytest.approx(limits, rel=1e-6)


def test_noncentral_t_is_right_where_scipy_gives_nan():
    for df in (1, 2, 5, 20, 200):
        for nc in (-3.0, 0.0, 0.7, 6.0):
            for t in (-4.0, 0.1, 3.0, 9.0):
                assert integrated_cdf(t, df, nc) == pytest.approx(stats.nct.cdf(t, df, nc), abs=1e-7)
    for df in range(13, 39):
        for nc in np.linspace(-40, 40, 41):
            for t in (-30.0, -2.0, 0.0, 5.0, 30.0):
                assert 0 <= noncentral_t_cdf(t, df, nc) <= 1


@for_each("n1, n2", [(5, 10), (10, 10), (50, 20)])
@for_each("value", [0.0, 0.3, 0.5, 0.82, 1.0])
def test_auroc_limits_solve_newcombes_equation(n1, n2, value):
    def distance(theta):
        q1, q2, half = theta / (2 - theta), 2 * theta**2 / (1 + theta), (n1 + n2) / 2 - 1
        spread = theta * (1 - theta) + half * (q1 - theta**2) + half * (q2 - theta**2)
        return (value - theta) ** 2 - 1.959963984540054**2 * spread / (n1 * n2)

    low, high = hanley_mcneil_limits(value, n1, n2, 1.959963984540054)
    assert low == pytest.approx(optimize.brentq(distance, 1e-12, value - 1e-12) if value > 0 else 0, abs=1e-9)
    assert high == pytest.approx(
        optimize.brentq(distance, value + 1e-12, 1 - 1e-12) if value < 1 else 1, abs=1e-9
    )


def coverage(estimate, draw, truth, runs=800):
    rng = np.random.default_rng(0)
    found = [estimate(*draw(rng)) for _ in range(runs)]
    return sum(e.low <= truth <= e.high for e in found) / runs


def normal_auroc(shift, sd):
    return float(stats.norm.cdf(shift / math.hypot(1, sd)))


@pytest.mark.parametrize(("n1", "n2", "shift"), [(5, 10, 0.0), (10, 10, 1.0), (20, 20, 2.0)])
def test_auroc_interval_covers_as_often_as_it_says(n1, n2, shift):
    covered = coverage(
        auroc_estimate, lambda rng: (rng.normal(shift, 1, n1), rng.normal(0, 1, n2)), normal_auroc(shift, 1)
    )
    assert covered > 0.925


@for_each("n1, n2", [(10, 40), (60, 8)])
@for_each("true", [0.5, 0.8, 0.1])
def test_auroc_interval_misses_as_seldom_where_the_smaller_set_varies_three_times_as_much(n1, n2, true):
    """Newcombe's own interval misses 0.8 in .09 to .11 of such data, and plain rank tests reject 0.5 in .14 to .16."""
    sd = (3, 1) if n1 < n2 else (1, 3)
    rng = np.random.default_rng(1)
    shift = stats.norm.ppf(true) * math.hypot(*sd)
    made = auroc_estimates(rng.normal(shift, sd[0], (n1, 1500)), rng.normal(0, sd[1], (n2, 1500)))
    assert np.mean([not found.low <= true <= found.high for found in made]) < 0.062


@for_each("n1, n2", [(5, 10), (8, 60), (40, 10)])
@for_each("ratio", [0.5, 1.0, 1.8, 6.0])
def test_unequal_spreads_raise_the_variance_by_what_normal_values_of_such_spreads_have(n1, n2, ratio):
    def own(r):  # the variance of Phi(r Z), the share of the other set below a value with r times its spread
        square, _ = integrate.quad(lambda z: stats.norm.cdf(r * z) ** 2 * stats.norm.pdf(z), -12, 12)
        return square - 0.25

    unequal, equal = own(ratio) / n1 + own(1 / ratio) / n2, (1 / n1 + 1 / n2) / 12
    [found] = spread_excess(np.array([ratio * 2.0]), np.array([2.0]), (n1, n2))
    smaller_varies_more = (ratio > 1) if n1 < n2 else (ratio < 1)
    assert found == pytest.approx(unequal / equal if smaller_varies_more else 1.0, rel=1e-7)
    assert found >= 1
    assert spread_excess(np.array([ratio]), np.ones(1), (n1, n1)) == 1
    nothing = np.zeros(1)
    assert spread_excess(nothing, nothing, (n1, n2)) == 1


def test_one_value_far_out_in_the_smaller_set_leaves_an_auroc_its_interval():
    a, b = np.arange(10.0, 16), np.arange(0.0, 8)
    found = auroc_estimate([*a, 1e9], [*b, *b + 0.5])
    assert found.low > 0.6
    assert found == auroc_estimate([1e9, *a[::-1]], [*b + 0.5, *b])


@pytest.mark.parametrize("correlation", [-0.5, 0.5, 0.9])
@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_paired_auroc_interval_covers_as_often_as_it_says_whatever_the_correlation(correlation, shift):
    def draw(rng):
        e = rng.normal(size=(2, 12))
        b = e[0]
        return shift + correlation * b + math.sqrt(1 - correlation**2) * e[1], b

    covered = coverage(paired_auroc_estimate, draw, normal_auroc(shift, 1))
    assert 0.93 < covered < 0.995  # without regard to pairing: 0.90 at -0.5 and 1.00 at 0.9


ELEMENTS = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e4, 1e4, width=32))


@st.composite
def samples(draw, paired):
    n1 = draw(st.integers(2, 9))
    n2 = n1 if paired else draw(st.integers(2, 9))
    return tuple(draw(hnp.arrays(np.float64, n, elements=ELEMENTS)) for n in (n1, n2))


@quick
@given(samples(paired=False), samples(paired=True), st.sampled_from([0.5, 0.95, 0.999]))
def test_every_interval_contains_its_estimate_and_stays_in_range(free, paired, level):
    for estimates, (a, b) in ((INDEPENDENT, free), (PAIRED, paired)):
        for estimate in estimates:
            found = estimate(a, b, level=level)
            assert found.level == level
            assert not any(x is not None and math.isnan(x) for x in (found.value, found.low, found.high))
            if found.low is not None:
                assert found.low <= found.value <= found.high
            if found.name == "AUROC":
                assert 0 <= found.low <= found.high <= 1
            if found.name == "Cliff's delta":
                assert -1 <= found.low <= found.high <= 1


@quick
@given(samples(paired=False), samples(paired=True))
def test_exchanging_the_sets_mirrors_every_effect(free, paired):
    for estimates, (a, b) in ((INDEPENDENT, free), (PAIRED, paired)):
        for estimate in estimates:
            there, back = estimate(a, b), estimate(b, a)
            turn = 1.0 if there.name == "AUROC" else 0.0
            if there.low is not None and there.high is not None:
                assert back.low == pytest.approx(turn - there.high, rel=1e-7, abs=1e-9)
                assert back.high == pytest.approx(turn - there.low, rel=1e-7, abs=1e-9)
            if there.value is not None:
                assert back.value == pytest.approx(turn - there.value, abs=1e-12)


@quick
@given(samples(paired=False), samples(paired=True), st.randoms(use_true_random=False))
def test_order_of_prompts_changes_no_digit(free, paired, random):
    a, b = free
    for estimate in INDEPENDENT:
        assert estimate(a, b) == estimate(random.sample(list(a), len(a)), random.sample(list(b), len(b)))
    a, b = paired
    order = random.sample(range(len(a)), len(a))
    for estimate in PAIRED:
        assert estimate(a, b) == estimate(a[order], b[order])


def test_degenerate_values_give_none_where_nothing_can_be_said():
    same, other = [1.0, 1.0, 1.0], [2.0, 2.0, 2.0]
    for difference in (mean_difference_estimate, paired_mean_difference_estimate):
        found = difference(other, same)
        assert (found.value, found.low, found.high) == (1.0, None, None)
    for standardised in (hedges_g_estimate, dz_estimate):
        found = standardised(other, same)
        assert (found.value, found.low, found.high) == (None, None, None)
    found = auroc_estimate(same, same)
    assert found.value == 0.5
    assert found.low < 0.2 < 0.8 < found.high
    found = paired_auroc_estimate(other, same)
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low < 0.6


@pytest.mark.parametrize("unit", [5e-324, 1e-200, 1e90])
def test_tiny_and_huge_values_have_the_same_standardised_effects(unit):
    a, b = np.array([3.0, 5.0, 8.0, 9.0]), np.array([1.0, 2.0, 3.0, 4.0, 6.0])
    assert welch_t_many((a * unit)[:, None], (b * unit)[:, None])[0] == pytest.approx(
        stats.ttest_ind(a, b, equal_var=False).statistic
    )
    assert hedges_g_estimate(a * unit, b * unit).value == pytest.approx(hedges_g_estimate(a, b).value)
    found, plain = mean_difference_estimate(a * unit, b * unit), mean_difference_estimate(a, b)
    assert found.high / unit == pytest.approx(plain.high, abs=0.6 if unit < 1e-300 else 1e-9)
    assert dz_estimate(a * unit, b[:4] * unit).low == pytest.approx(dz_estimate(a, b[:4]).low)


def test_broken_values_are_an_error():
    for estimate in (*INDEPENDENT, *PAIRED):
        with pytest.raises(StatsError, match="NaN or infinite"):
            estimate([1.0, math.nan], [1.0, 2.0])
        with pytest.raises(StatsError, match="level must lie"):
            estimate([1.0, 2.0], [1.0, 2.0], level=95)


@pytest.mark.parametrize(("n1", "n2"), [(10, 10), (5, 10), (20, 20), (50, 50), (40, 10)])
def test_the_interval_holds_an_auroc_of_values_at_two_points(n1, n2):
    """A constant set against coins: the AUROC is the share of coins below, and coverage a sum over their number."""
    made = [auroc_estimate([1.0] * n1, [0.0] * below + [2.0] * (n2 - below)) for below in range(n2 + 1)]
    for true in np.linspace(0.5, 0.98, 49):
        chances = stats.binom.pmf(np.arange(n2 + 1), n2, true)
        held = [found.low <= true <= found.high for found in made]
        assert chances[held].sum() > 0.91
