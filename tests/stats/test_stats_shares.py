from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from cases import for_each
from flat import two_sample_test
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from stats_data import quick
from statsmodels.stats import proportion
from statsmodels.stats.contingency_tables import mcnemar

from neuronclaims.stats import (
    StatsError,
    share_difference_estimate,
    share_estimate,
    share_test,
    wilson_limits,
)

COUNTS = st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
SHARES = st.floats(0.001, 0.999)


@for_each("k, n", [(0, 1), (0, 7), (3, 7), (7, 7), (12, 20), (999, 1000)])
@for_each("level", [0.5, 0.9, 0.95, 0.999])
def test_limits_equal_scipy_and_statsmodels(k, n, level):
    exact = stats.binomtest(k, n).proportion_ci(level, method="exact")
    found = share_estimate(k, n, level=level)
    assert (found.value, found.level) == (k / n, level)
    assert (found.low, found.high) == pytest.approx((exact.low, exact.high), rel=1e-10, abs=1e-13)
    wilson = proportion.proportion_confint(k, n, 1 - level, method="wilson")
    assert wilson_limits(k, n, level=level) == pytest.approx(wilson, rel=1e-10, abs=1e-13)


@quick
@given(COUNTS, SHARES)
def test_one_sided_p_equal_scipy_and_two_sided_is_twice_the_smaller(counts, null):
    k, n = counts
    tails = {
        side: stats.binomtest(k, n, null, alternative=side).pvalue
        for side in ("greater", "less", "two-sided")
    }
    twice = min(1.0, 2 * min(tails["greater"], tails["less"]))
    for side in tails:
        found = share_test(k, n, null=null, alternative=side)
        assert (found.p_greater, found.p_less) == pytest.approx((tails["greater"], tails["less"]), rel=1e-9)
        assert found.p_value == pytest.approx(twice if side == "two-sided" else tails[side], rel=1e-9)
        assert 0 < found.smallest_p <= found.p_value * (1 + 1e-12)
    if null == 0.5:
        assert twice == pytest.approx(tails["two-sided"])


@for_each("null", [0.05, 0.3, 0.6])
@for_each("side", ["greater", "less", "two-sided"])
def test_the_smallest_p_is_the_least_over_all_counts(null, side):
    everything = [share_test(k, 9, null=null, alternative=side) for k in range(10)]
    assert everything[0].smallest_p == pytest.approx(min(test.p_value for test in everything), rel=1e-12)


def test_the_numbers_that_settle_at_least_60_percent_are_the_published_ones():
    for n, supported, refuted in ((10, 9, 2), (20, 17, 7), (50, 37, 23)):
        lows = [share_estimate(k, n, level=0.9).low > 0.6 for k in range(n + 1)]
        highs = [share_estimate(k, n, level=0.9).high < 0.6 for k in range(n + 1)]
        assert (lows.index(True), highs.index(False) - 1) == (supported, refuted)
    assert share_test(5, 5, null=0.6, alternative="greater").p_value > 0.05


@quick
@given(COUNTS, SHARES, st.floats(0.001, 0.2))
def test_p_and_interval_never_disagree(counts, null, alpha):
    k, n = counts
    found, test = (
        share_estimate(k, n, level=1 - 2 * alpha),
        share_test(k, n, null=null, alternative="greater"),
    )
    if abs(test.p_greater - alpha) > 1e-9:
        assert (found.low > null) == (test.p_greater < alpha)
    if abs(test.p_less - alpha) > 1e-9:
        assert (found.high < null) == (test.p_less < alpha)


@pytest.mark.parametrize("n", [5, 10, 23, 50])
def test_clopper_pearson_covers_at_least_as_often_as_it_says(n):
    found = [share_estimate(k, n) for k in range(n + 1)]
    for share in np.linspace(0.001, 0.999, 500):
        covered = [estimate.low <= share <= estimate.high for estimate in found]
        assert stats.binom.pmf(range(n + 1), n, share) @ covered >= 0.95


def test_p_is_never_zero_and_impossible_numbers_are_refused():
    assert share_test(2000, 2000, null=0.01, alternative="greater").p_value > 0
    assert share_test(0, 5, null=0.5, alternative="greater").p_value == 1
    for k, n in ((0, 0), (-1, 4), (5, 4)):
        with pytest.raises(StatsError, match="at least 1 unit"):
            share_estimate(k, n)
    for null in (0.0, 1.0, -1, math.nan):
        with pytest.raises(StatsError, match="strictly between 0 and 1"):
            share_test(1, 2, null=null, alternative="greater")


ONES = st.lists(st.booleans(), min_size=2, max_size=30)


@quick
@given(ONES, ONES, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_difference_of_independent_shares_equals_statsmodels(first, second, level):
    found = share_difference_estimate(first, second, paired=False, level=level)
    expected = proportion.confint_proportions_2indep(
        sum(first), len(first), sum(second), len(second), method="newcomb", alpha=1 - level
    )
    assert found.value == pytest.approx(np.mean(first) - np.mean(second), abs=1e-15)
    assert (found.low, found.high) == pytest.approx(expected, abs=1e-10)
    assert -1 <= found.low <= found.value <= found.high <= 1


def tango_score(more, fewer, n, delta):
    """Return the score statistic of the hypothesis ``delta``, its nuisance share found by a numeric search."""

    def cost(fewer_share):
        logs = [
            count * math.log(max(share, 1e-300))
            for count, share in (
                (more, fewer_share + delta),
                (fewer, fewer_share),
                (n - more - fewer, 1 - 2 * fewer_share - delta),
            )
            if count
        ]
        return -sum(logs)

    lowest, highest = max(0.0, -delta), (1 - delta) / 2
    found = optimize.minimize_scalar(
        cost, bounds=(lowest, highest), method="bounded", options={"xatol": 1e-12}
    )
    share = min((found.x, lowest, highest), key=cost)
    return (more - fewer - n * delta) / math.sqrt(n * (2 * share + delta * (1 - delta)))


@pytest.mark.parametrize(
    ("more", "fewer", "n"), [(12, 2, 50), (40, 20, 160), (0, 5, 9), (0, 0, 8), (7, 7, 14)]
)
def test_paired_limits_are_where_the_score_statistic_is_the_quantile(more, fewer, n):
    first = [1] * more + [0] * (n - more)
    second = [0] * more + [1] * fewer + [0] * (n - more - fewer)
    found = share_difference_estimate(first, second, paired=True)
    assert found.value == pytest.approx((more - fewer) / n)
    for limit, sign in ((found.low, 1), (found.high, -1)):
        if abs(limit) < 1:
            assert tango_score(more, fewer, n, limit) == pytest.approx(sign * 1.95996398, abs=1e-4)


def test_paired_interval_covers_about_as_often_as_it_says():
    n, misses = 20, []
    tables = [(more, fewer) for more, fewer in itertools.product(range(n + 1), repeat=2) if more + fewer <= n]
    limits = {}
    for more, fewer in tables:
        first, second = [1] * more + [0] * (n - more), [0] * more + [1] * fewer + [0] * (n - more - fewer)
        limits[more, fewer] = share_difference_estimate(first, second, paired=True)
    for p, q in ((0.1, 0.1), (0.3, 0.1), (0.5, 0.05), (0.45, 0.45), (0.8, 0.1), (0.02, 0.02)):
        law = stats.multinomial(n, [p, q, 1 - p - q])
        covered = sum(
            law.pmf([*table, n - sum(table)])
            for table in tables
            if limits[table].low <= p - q <= limits[table].high
        )
        misses.append(1 - covered)
    assert max(misses) < 0.08
    assert np.mean(misses) < 0.055


@quick
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=25))
def test_the_tests_named_for_shares_are_mcnemars_and_fishers(pairs):
    a, b = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    table = [[np.sum((a == i) & (b == j)) for j in (1, 0)] for i in (1, 0)]
    options = {"statistic": "mean", "alternative": "two-sided", "seed": 0, "exact_limit": 2**26}
    found = two_sample_test(a[:16], b[:16], paired=True, **options)
    if len(pairs) <= 16:
        assert found.p_value == pytest.approx(min(1.0, mcnemar(table, exact=True).pvalue))
    found = two_sample_test(a[:8], b[:8], paired=False, **options | {"alternative": "greater"})
    ones, others = int(a[:8].sum()), int(b[:8].sum())
    size = len(a[:8])
    fisher = stats.fisher_exact([[ones, size - ones], [others, size - others]], alternative="greater")
    assert found.p_value == pytest.approx(fisher.pvalue)


@quick
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40), st.booleans())
def test_exchanging_the_sets_mirrors_a_difference_and_order_does_not_matter(pairs, paired):
    a, b = (list(side) for side in zip(*pairs, strict=True))
    there, back = (share_difference_estimate(*sides, paired=paired) for sides in ((a, b), (b, a)))
    assert (back.low, back.value, back.high) == pytest.approx(
        (-there.high, -there.value, -there.low), abs=1e-12
    )
    assert share_difference_estimate(a[::-1], b[::-1], paired=paired) == there
    assert -1 <= there.low <= there.value <= there.high <= 1


def test_values_other_than_zero_and_one_are_refused():
    with pytest.raises(StatsError, match="only 0 and 1"):
        share_difference_estimate([0, 1, 2], [0, 1], paired=False)
