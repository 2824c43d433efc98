from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from cases import for_each
from flat import decide
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from skewed import mean_p
from skewed_sets import difference_p
from stats_data import quick
from statsmodels.stats.weightstats import ttost_ind
from thorough import draws

from neuronclaims.stats import (
    StatsError,
    equivalence_test,
    interval_equivalence_test,
    mean_difference_estimate,
    ratio_of_means_estimate,
    smallest_margin_p,
)
from neuronclaims.stats.distributions.newcombe import hanley_mcneil_variance

DESIGNS = [
    ("difference", False),
    ("difference", True),
    ("sd", False),
    ("sd", True),
    ("auroc", False),
    ("auroc", True),
]
MARGINS = {"difference": 0.6, "sd": 0.7, "auroc": 0.2}
SIDES = ("within", "not greater", "not less")


def drawn(seed, n1=12, n2=12, shift=0.2):
    rng = np.random.default_rng(seed)
    return rng.normal(shift, 1, n1), rng.normal(0, 1.3, n2)


@pytest.mark.parametrize("seed", range(6))
def test_mean_differences_are_held_against_both_bounds_and_bear_skewness(seed):
    a, b = drawn(seed, 15, 9)
    found = equivalence_test(a, b, margin=0.6, scale="difference", paired=False)
    above, below = difference_p(a, b, -0.6, "greater"), difference_p(a, b, 0.6, "less")
    assert (found.p_value, found.p_above_lower, found.p_below_upper) == pytest.approx(
        (max(above, below), above, below), rel=1e-9
    )
    even = np.array([3.0, 1, -1, 4, 2, 0, 5, -2])  # symmetric about 1.5: no skewness
    found = equivalence_test(even, 2 * even - 1, margin=5, scale="difference", paired=False)
    p, lower, upper = ttost_ind(even, 2 * even - 1, -5, 5, usevar="unequal")
    assert (found.p_value, found.p_above_lower, found.p_below_upper) == pytest.approx(
        (p, lower[1], upper[1]), rel=1e-12
    )
    found = equivalence_test(a[:9], b, margin=0.6, scale="difference", paired=True)
    d = a[:9] - b
    above, below = mean_p(d, -0.6, "greater"), mean_p(d, 0.6, "less")
    assert (found.p_value, found.p_above_lower, found.p_below_upper) == pytest.approx(
        (max(above, below), above, below), rel=1e-9
    )


@pytest.mark.parametrize("seed", range(4))
def test_effects_in_sd_equal_the_noncentral_t_at_the_margin(seed):
    a, b = drawn(seed, 15, 9)
    found = equivalence_test(a, b, margin=0.7, scale="sd", paired=False)
    t, size = stats.ttest_ind(a, b).statistic, math.sqrt(15 * 9 / 24)
    assert found.p_below_upper == pytest.approx(stats.nct.cdf(t, 22, 0.7 * size), rel=1e-8)
    assert found.p_above_lower == pytest.approx(stats.nct.sf(t, 22, -0.7 * size), rel=1e-8)
    found = equivalence_test(a[:9], b, margin=0.7, scale="sd", paired=True)
    t = stats.ttest_rel(a[:9], b).statistic
    assert found.p_below_upper == pytest.approx(stats.nct.cdf(t, 8, 0.7 * 3), rel=1e-8)


@pytest.mark.parametrize("skewed", [False, True])
def test_the_auroc_is_scored_with_the_variance_it_would_have_at_the_margin(skewed):
    a, b = drawn(1, 20, 30)
    if skewed:
        a, b = np.exp(2 * a) + 1.5, np.exp(2 * b)
    found = equivalence_test(a, b, margin=0.2, scale="auroc", paired=False)
    value = stats.mannwhitneyu(a, b).statistic / 600
    wins = a[:, None] > b
    delong = wins.mean(1).var(ddof=1) / 20 + wins.mean(0).var(ddof=1) / 30
    excess = max(1.0, delong / hanley_mcneil_variance(value, 20, 30))
    assert (excess > 1) == skewed
    for p, bound, sign in ((found.p_above_lower, 0.3, -1), (found.p_below_upper, 0.7, 1)):
        z = (value - bound) / math.sqrt(excess * hanley_mcneil_variance(bound, 20, 30))
        assert p == pytest.approx(stats.norm.cdf(sign * z), rel=1e-9)


@quick
@given(st.integers(0, 10**6), st.floats(0.01, 0.4), st.floats(-1, 1), st.sampled_from([0.0, 0.9]))
def test_p_is_alpha_where_the_margin_is_the_limit_of_the_interval(seed, alpha, shift, correlation):
    a, b = drawn(seed, 9, 14, shift)
    aligned = b[:9] * (1 - correlation) + correlation * a - shift
    for scale, paired in DESIGNS:
        other = aligned if paired else b
        options = {"scale": scale, "paired": paired, "alpha": alpha}
        found = equivalence_test(a, other, margin=0.1, **options)
        assert found.estimate.level == pytest.approx(1 - 2 * alpha)
        assert found.p_value == max(found.p_above_lower, found.p_below_upper)
        for limit, sign in ((found.estimate.low, -1), (found.estimate.high, 1)):
            margin = sign * (limit - found.null)
            if margin > 0 and (scale != "auroc" or margin < 0.5):
                there = equivalence_test(a, other, margin=margin, **options)
                p = there.p_above_lower if sign < 0 else there.p_below_upper
                assert p == pytest.approx(alpha, rel=1e-6)


@quick
@given(
    st.integers(0, 10**6),
    st.sampled_from(DESIGNS),
    st.sampled_from(SIDES),
    st.floats(0.02, 0.2),
    st.floats(0.02, 0.2),
)
def test_a_wider_margin_never_hurts_and_one_side_is_never_harder_than_both(seed, design, side, margin, more):
    scale, paired = design
    a, b = drawn(seed, 8, 8)
    narrow, wide = (
        equivalence_test(a, b, margin=m, scale=scale, paired=paired, side=side)
        for m in (margin, margin + more)
    )
    assert wide.p_value <= narrow.p_value + 1e-12
    both = equivalence_test(a, b, margin=margin, scale=scale, paired=paired)
    assert narrow.p_value <= both.p_value
    assert narrow.threshold == (narrow.lower if side == "not less" else narrow.upper)


@quick
@given(st.integers(0, 10**6), st.sampled_from(DESIGNS), st.randoms(use_true_random=False))
def test_exchanging_the_sets_exchanges_the_sides_and_order_does_not_matter(seed, design, random):
    scale, paired = design
    a, b = drawn(seed, 9, 9)
    margin = MARGINS[scale]
    there = equivalence_test(a, b, margin=margin, scale=scale, paired=paired)
    back = equivalence_test(b, a, margin=margin, scale=scale, paired=paired)
    assert (back.p_above_lower, back.p_below_upper) == pytest.approx(
        (there.p_below_upper, there.p_above_lower), rel=1e-9
    )
    order = random.sample(range(9), 9)
    assert equivalence_test(a[order], b[order], margin=margin, scale=scale, paired=paired) == there


@quick
@given(
    st.integers(0, 10**6),
    st.sampled_from([d for d in DESIGNS if d[0] != "difference"]),
    st.floats(-4, 4),
    st.integers(-900, 300),
)
def test_effects_without_a_unit_forget_shift_and_scale(seed, design, shift, power):
    scale, paired = design
    a, b = (np.round(x, 3) for x in drawn(seed, 9, 9))
    options = {"margin": MARGINS[scale], "scale": scale, "paired": paired}
    plain = equivalence_test(a, b, **options)
    moved = equivalence_test(np.ldexp(a, power), np.ldexp(b, power), **options)
    assert (moved.p_above_lower, moved.p_below_upper) == (plain.p_above_lower, plain.p_below_upper)
    moved = equivalence_test(a + shift, b + shift, **options)
    if scale == "sd":
        assert moved.p_value == pytest.approx(plain.p_value, rel=1e-6)


def exact_binomial(successes, n, bound):
    """Return P(X >= successes) and P(X <= successes) by summing fractions."""
    p = Fraction(bound)
    law = [math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in range(n + 1)]
    return float(sum(law[successes:])), float(sum(law[: successes + 1]))


@quick
@given(st.integers(0, 10**6), st.floats(0.1, 2), st.floats(-1, 1), st.sampled_from(SIDES))
def test_turning_an_interval_round_gives_the_p_of_the_test_it_comes_from(seed, margin, shift, side):
    a, b = drawn(seed, 9, 14, shift)
    found = interval_equivalence_test(
        lambda level: mean_difference_estimate(a, b, level=level), null=0.0, margin=margin, side=side
    )
    expected = equivalence_test(a, b, margin=margin, scale="difference", paired=False, side=side)
    for p, right in zip(
        (found.p_above_lower, found.p_below_upper, found.p_value),
        (expected.p_above_lower, expected.p_below_upper, expected.p_value),
        strict=True,
    ):  # an interval says no more of a p above one half than that
        assert p == pytest.approx(max(1e-9, right), rel=1e-6) if right < 0.5 else p >= 0.5
    assert found.estimate == expected.estimate


def test_ratios_get_an_equivalence_test_too():
    rng = np.random.default_rng(4)
    bottom = rng.normal(5, 1, 40)
    top = bottom + rng.normal(0, 0.4, 40)
    ratio = interval_equivalence_test(
        lambda level: ratio_of_means_estimate(top, bottom, level=level), null=1.0, margin=0.1
    )
    p = mean_p(top - 1.1 * bottom, 0, "less")
    assert ratio.p_below_upper == pytest.approx(max(1e-9, p), rel=1e-6)
    assert 0 < ratio.p_value < 0.05
    flat = interval_equivalence_test(
        lambda level: mean_difference_estimate([1.0, 1], [2.0, 2], level=level), null=0, margin=9
    )
    assert flat.p_value == 1


@for_each("scale, paired", DESIGNS)
@for_each("side", SIDES)
def test_no_values_give_less_than_the_smallest_p(scale, paired, side):
    n = 6
    extremes = [
        np.arange(6.0),
        np.arange(6.0)[::-1],
        np.arange(6.0) + 1e-3,
        np.arange(6.0) + 50,
        np.arange(6.0) - 50,
    ]
    for a in [*extremes, np.random.default_rng(0).normal(size=n), np.array([0, 1, 2, 2.5, 4, 5.5])]:
        found = equivalence_test(
            a, np.arange(6.0), margin=MARGINS[scale], scale=scale, paired=paired, side=side
        )
        assert found.smallest_p <= found.p_value * (1 + 1e-9)
    if scale == "sd" and side == "within":
        size = math.sqrt(n if paired else n / 2)
        assert found.smallest_p == pytest.approx(stats.norm.cdf(-0.7 * size))


def test_how_many_prompts_can_show_a_margin_is_known_before_any_value_is():
    reach = [smallest_margin_p(n, n, margin=0.5, scale="sd", paired=False) for n in range(2, 30)]
    assert reach == sorted(reach, reverse=True)
    assert 2 + sum(p > 0.05 for p in reach) == 22  # Phi(-0.5 sqrt(n / 2)) <= 0.05 from n = 21.6 on
    assert smallest_margin_p(5, 5, margin=0.5, scale="difference", paired=False) == 0


def test_five_prompts_can_never_show_a_small_margin():
    a, b = drawn(0, 5, 5)
    found = equivalence_test(a, b, margin=0.5, scale="sd", paired=False)
    assert found.smallest_p > 0.05
    decision = decide(
        side="within",
        null=0.0,
        threshold=found.threshold,
        estimate=found.estimate,
        p_adjusted=found.p_value,
        smallest_p_adjusted=found.smallest_p,
    )
    assert decision.verdict == "inconclusive"


def test_a_neuron_that_never_varies_is_decided():
    for scale, paired in DESIGNS:
        same = equivalence_test([1.0] * 6, [1.0] * 6, margin=0.3, scale=scale, paired=paired)
        assert (same.p_value, same.degenerate, same.test.degenerate) == (1.0, True, True)
    two = equivalence_test([1.0] * 6, [2.0] * 6, margin=3, scale="difference", paired=False)
    assert (two.p_value, two.degenerate, two.estimate.low) == (1.0, False, None)


@pytest.mark.parametrize(("n", "limit"), [(10, 0.02), (20, 0.05), (50, 0.07)])
def test_at_the_margin_equivalence_is_claimed_no_more_often_than_alpha(n, limit):
    rng, sets = np.random.default_rng(n), draws(600, 2000)
    claimed = sum(
        equivalence_test(
            rng.normal(0.5, 1, n), rng.normal(0, 1, n), margin=0.5, scale="difference", paired=False
        ).p_value
        <= 0.05
        for _ in range(sets)
    )
    assert claimed <= draws(stats.binom.ppf(0.999, sets, limit), limit * sets)


def test_bad_margins_are_refused():
    a, b = drawn(0)
    for more, says in (
        ({"margin": 0.0}, "above 0"),
        ({"margin": math.nan}, "above 0"),
        ({"margin": 0.5, "scale": "auroc"}, "below 0.5"),
        ({"margin": 0.3, "side": "greater"}, "side must be one of"),
        ({"margin": 0.3, "scale": "sds"}, "scale must be one of"),
        ({"margin": 0.3, "alpha": 0.5}, "alpha"),
    ):
        with pytest.raises(StatsError, match=says):
            equivalence_test(a, b, **{"scale": "sd", "paired": False} | more)


def test_a_result_can_stand_where_a_test_is_wanted():
    a, b = drawn(2, 40, 40, shift=0.0)
    found = equivalence_test(a, b, margin=1.0, scale="difference", paired=False, side="not greater")
    assert (found.test.p_value, found.test.p_less) == (2 * found.p_value, found.p_below_upper)
    assert (found.test.alternative, found.test.exact, found.test.standard_error) == ("two-sided", True, 0.0)
