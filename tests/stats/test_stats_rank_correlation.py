"""Rank correlations against SciPy, their permutation test against enumeration, their interval against hand formulas."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy import stats as scipy_stats

from neuronclaims.stats import Resampling
from neuronclaims.stats.effects.changes import effect_change
from neuronclaims.stats.numbers.permuted import Permutations
from neuronclaims.stats.numbers.rank_correlation import (
    Ranked,
    correlation_test,
    correlations_many,
    estimate_of,
    least_correlation_p,
    rank_correlation_estimate,
)


def drawn(n, seed, grid):
    rng = np.random.default_rng(seed)
    return rng.integers(0, grid, n).astype(float), rng.integers(0, grid, n).astype(float)


@pytest.mark.parametrize("grid", [3, 8, 1000])
def test_the_correlation_and_that_without_each_unit_are_scipys(grid):
    x, y = drawn(15, grid, grid)
    ranked = Ranked.of(x, y)
    assert ranked.correlation == pytest.approx(scipy_stats.spearmanr(x, y)[0], abs=1e-12)
    left = [scipy_stats.spearmanr(np.delete(x, i), np.delete(y, i))[0] for i in range(15)]
    assert ranked.without_each() == pytest.approx(left, abs=1e-12)
    many = np.column_stack([x, y, np.zeros(15), x**3 - 5])
    found = correlations_many(many, ranked)
    assert found == pytest.approx([ranked.correlation, 1.0, 0.0, ranked.correlation], abs=1e-12)


@pytest.mark.parametrize("grid", [3, 1000])
def test_every_permutation_is_counted_ties_with_it(grid):
    x, y = drawn(6, grid + 1, grid)
    found = correlation_test(Ranked.of(x, y)).test(Resampling(0))
    seen = scipy_stats.spearmanr(x, y)[0]
    each = np.array([scipy_stats.spearmanr(x, p)[0] for p in permutations(y)])
    above, below = (each >= seen - 1e-9).mean(), (each <= seen + 1e-9).mean()
    assert (found.exact, found.arrangements) == (True, 720)
    assert (found.p_greater, found.p_less) == pytest.approx((above, below))
    assert found.p_value == pytest.approx(min(1.0, 2 * min(above, below)))


def test_blocks_are_ranked_and_permuted_by_themselves():
    x = np.array([1.0, 9, 5, 100, 300, 200, 250])
    y = np.array([7.0, 8, 9, 1, 3, 2, 2])
    blocks = [0, 0, 0, 1, 1, 1, 1]

    def by_hand(numbers):
        sums = np.zeros(3)
        for code in (0, 1):
            mine = [place for place, block in enumerate(blocks) if block == code]
            a, b = (scipy_stats.rankdata(each[mine]) for each in (x, numbers))
            a, b = (a - a.mean()) / len(a), (b - b.mean()) / len(b)
            sums += [a @ b, a @ a, b @ b]
        return sums[0] / np.sqrt(sums[1] * sums[2])

    ranked = Ranked.of(x, y, blocks)
    assert ranked.correlation == pytest.approx(by_hand(y))
    each = [by_hand(np.array([*one, *two])) for one in permutations(y[:3]) for two in permutations(y[3:])]
    found = correlation_test(ranked).test(Resampling(0))
    assert found.arrangements == 6 * 24
    assert found.p_greater == pytest.approx(np.mean(np.array(each) >= by_hand(y) - 1e-9))
    shuffled = np.array([4, 0, 6, 2, 1, 5, 3])
    again = Ranked.of(x[shuffled], y[shuffled], np.array(blocks)[shuffled])
    assert correlation_test(again).test(Resampling(0)).p_value == found.p_value


def test_drawn_permutations_are_permutations_within_blocks_and_close_to_all_of_them():
    ways = Permutations((3, 4))
    rows = np.concatenate(list(ways.drawn(5, 0, 5_000)))
    assert {tuple(sorted(row[:3])) for row in rows} == {(0, 1, 2)}
    assert {tuple(sorted(row[3:])) for row in rows} == {(3, 4, 5, 6)}
    assert len(np.unique(rows, axis=0)) == len(np.concatenate(list(ways.every()))) == ways.total == 144
    x, y = drawn(8, 2, 50)
    test = correlation_test(Ranked.of(x, y))
    exact, random = test.test(Resampling(0)), test.test(Resampling(0, exact_limit=1))
    assert abs(exact.p_greater - random.p_greater) < 5 * np.sqrt(0.25 / random.arrangements)


def test_the_interval_is_fishers_with_the_larger_of_two_standard_errors():
    rng = np.random.default_rng(4)
    y = rng.normal(size=30)
    x = 0.6 * y + rng.normal(size=30)
    found = rank_correlation_estimate(x, y)
    z = np.arctanh(found.value)
    left = np.arctanh([scipy_stats.spearmanr(np.delete(x, i), np.delete(y, i))[0] for i in range(30)])
    jackknife = np.sqrt(29 / 30 * ((left - left.mean()) ** 2).sum())
    for bound in (0.0, 0.3, 0.9):
        error = max(jackknife, np.sqrt((1 + bound**2 / 2) / 27))
        p = scipy_stats.t.sf(abs(z - np.arctanh(bound)) / error, 28)
        assert min(found.tails(bound)) == pytest.approx(p)
    assert found.p_against(found.low) == pytest.approx(0.05, abs=1e-6)


def test_values_in_perfect_order_show_no_more_than_so_many_units_can():
    numbers = np.arange(6.0)
    found = rank_correlation_estimate(numbers, numbers)
    assert found.value == 1
    assert found.p_against(0.0) >= 2 / 2**6  # six of six agree by chance
    assert least_correlation_p(numbers, None, 0.0) == found.p_against(0.0)
    assert least_correlation_p([0, 0, 0, 1, 1, 1], None, 0.0) == 2 * 36 / 720
    assert rank_correlation_estimate([1, 1, 1, 1], [1, 2, 3, 4]).value is None
    assert rank_correlation_estimate([1, 2, 3], [1, 2, 3]).low is None


@pytest.mark.parametrize("values", ["skewed", "mostly zero", "uneven"])
def test_wrong_shown_correlations_stay_within_the_level(values):
    """0 is shown wrongly in at most 5 % of 300 data sets (three standard errors allowed), by the larger p."""
    rng, wrong = np.random.default_rng(7), 0
    for _ in range(300):
        number = rng.normal(size=16)
        value = {
            "skewed": np.exp(2 * rng.normal(size=16)),
            "mostly zero": np.maximum(rng.normal(size=16) - 0.8, 0.0),
            "uneven": number * rng.normal(size=16),
        }[values]
        found = rank_correlation_estimate(value, number)
        p = correlation_test(Ranked.of(value, number)).test(Resampling(1, draws=199, max_draws=199)).p_value
        wrong += found.value is not None and max(p, found.p_against(0.0)) <= 0.05
    assert wrong / 300 <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 300)


@pytest.mark.parametrize(("some", "settled"), [(3, False), (5, False), (6, True)])
def test_of_values_that_are_mostly_alike_only_the_others_tell(some, settled):
    """Where few values differ, all lie at one end by chance: 2 / 2^5 of 5, however many zeros there are."""
    values = np.zeros(60)
    values[-some:] = 1 + np.arange(some)
    numbers = np.arange(60)
    for ranked in (Ranked.of(values, numbers), Ranked.of(numbers, values)):
        found = estimate_of(ranked)
        assert (found.low > 0) == settled
        assert found.p_against(0.0) >= 2 / 2**some
        assert correlation_test(ranked).test(Resampling(1, draws=999, max_draws=999)).p_value < 0.01
    assert estimate_of(Ranked.of(numbers, numbers)).p_against(0.0) < 1e-9


def test_the_change_between_two_measurements_is_that_of_the_jackknife():
    rng = np.random.default_rng(9)
    numbers = rng.integers(0, 9, 25).astype(float)
    old = numbers + 3 * rng.normal(size=25)
    new = old + rng.normal(size=25)

    def rho(values, places):
        return scipy_stats.spearmanr(values[places], numbers[places])[0]

    every = np.arange(25)
    whole = rho(new, every) - rho(old, every)
    left = np.array([rho(new, np.delete(every, i)) - rho(old, np.delete(every, i)) for i in every])
    found = effect_change((old, numbers), (new, numbers), scale="correlation", paired=True)
    assert found.value == pytest.approx(whole)
    assert found.error == pytest.approx(np.sqrt(24 / 25 * ((left - left.mean()) ** 2).sum()))
    assert found.p("above", whole) == pytest.approx(0.5)
    assert effect_change((old, numbers), (old, numbers), scale="correlation", paired=True).same
    turned = effect_change((numbers, numbers), (-numbers, numbers), scale="correlation", paired=True)
    assert (turned.value, turned.error > 0.2) == (-2.0, True)
