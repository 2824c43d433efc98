from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from stats_data import quick
from statsmodels.stats.proportion import proportion_confint

from neuronclaims.stats import (
    ProportionBins,
    StatsError,
    WithinUnits,
    association_estimate,
    association_test,
    within_unit_auroc,
    within_unit_correlation,
)


def documents(rng, count, size, kind="normal"):
    values = rng.normal(size=(count, size))
    if kind == "ties":
        values = np.maximum(0, np.round(values))
    return values.ravel(), rng.random((count, size)).ravel() < 0.3, np.repeat(np.arange(count), size)


@pytest.mark.parametrize("kind", ["normal", "ties"])
def test_each_units_auroc_is_that_of_mann_and_whitney(kind):
    values, labels, units = documents(np.random.default_rng(1), 30, 9, kind)
    labels[:9], labels[18:27] = True, False
    found = within_unit_auroc(values, labels, units)
    expected = {}
    for unit in range(30):
        x, y = values[units == unit], labels[units == unit]
        if 0 < y.sum() < len(y):
            u = stats.mannwhitneyu(x[y], x[~y]).statistic
            expected[str(unit)] = u / (y.sum() * (~y).sum())
    assert set(found.units) == set(expected)
    assert found.left_out == 30 - len(expected) > 0
    assert found.effects + 0.5 == pytest.approx([expected[unit] for unit in found.units], rel=1e-12)


@pytest.mark.parametrize("kind", ["normal", "ties"])
def test_each_units_correlation_is_spearmans(kind):
    rng = np.random.default_rng(2)
    values, _, units = documents(rng, 25, 6, kind)
    outcomes = np.round(rng.normal(size=len(values)) + values)
    values[units == 3] = 1.0
    found = within_unit_correlation(values, outcomes, [f"doc{unit:02d}" for unit in units])
    assert "doc03" not in found.units
    for name, rho in zip(found.units, found.effects, strict=True):
        inside = units == int(name[3:])
        assert rho == pytest.approx(stats.spearmanr(values[inside], outcomes[inside]).statistic, abs=1e-12)


@quick
@given(st.integers(0, 2**32 - 1))
def test_for_two_kinds_of_outcome_auroc_spearman_and_kendall_agree_in_direction(seed):
    values, labels, units = documents(np.random.default_rng(seed), 8, 12, "ties")
    values[::12], labels[::12], labels[1::12] = 2.0, True, False
    auroc, rho = within_unit_auroc(values, labels, units), within_unit_correlation(values, labels, units)
    tau = [stats.kendalltau(values[units == u], labels[units == u]).statistic for u in range(8)]
    effect = dict(zip(auroc.units, auroc.effects, strict=True))
    for unit, value in zip(rho.units, rho.effects, strict=True):
        assert np.sign(effect[unit]) == np.sign(value) == np.sign(np.round(tau[int(unit)], 12))


@quick
@given(st.integers(0, 2**32 - 1))
def test_neither_the_order_of_tokens_nor_a_rising_scale_nor_names_matter(seed):
    rng = np.random.default_rng(seed)
    values, labels, units = documents(rng, 7, 10, "ties")
    labels[::10], labels[1::10] = True, False
    order, names = rng.permutation(len(values)), rng.permutation(100)[:7]
    plain = within_unit_auroc(values, labels, units)
    moved = within_unit_auroc(np.exp(3 * values[order]), labels[order], names[units[order]])
    assert sorted(plain.effects) == sorted(moved.effects)
    options = {"alternative": "two-sided", "seed": 3, "exact_limit": 0, "resamples": 99, "max_resamples": 99}
    assert association_test(plain, **options) == association_test(moved, **options)
    assert association_estimate(plain) == association_estimate(moved)
    opposite = within_unit_auroc(values, ~labels, units)
    assert np.array_equal(opposite.effects, -plain.effects)
    exact = [association_test(found, alternative="greater", seed=0) for found in (plain, opposite)]
    assert (exact[0].p_greater, exact[0].p_less) == (exact[1].p_less, exact[1].p_greater)


def test_exact_p_is_that_of_listing_all_flips_in_fractions():
    rng = np.random.default_rng(6)
    sizes = [(1, 2), (1, 3), (2, 3), (1, 2), (1, 3), (2, 3), (1, 6), (1, 5), (3, 4)]
    tokens = [(rng.integers(0, 3, a + b), np.arange(a + b) < a) for a, b in sizes]
    exact = []
    for values, truth in tokens:
        wins = sum(2 * int(x > y) + int(x == y) for x in values[truth] for y in values[~truth])
        exact.append(Fraction(wins, 2 * int(truth.sum() * (~truth).sum())) - Fraction(1, 2))
    found = within_unit_auroc(
        np.concatenate([values for values, _ in tokens]),
        np.concatenate([truth for _, truth in tokens]),
        np.repeat(np.arange(9), [a + b for a, b in sizes]),
    )
    sums = [sum(s * x for s, x in zip(signs, exact, strict=True)) for signs in product((1, -1), repeat=9)]
    result = association_test(found, alternative="greater", seed=0)
    assert result.p_greater == sum(x >= sums[0] for x in sums) / 512
    assert result.p_less == sum(x <= sums[0] for x in sums) / 512
    assert result.statistic == pytest.approx(float(sums[0] / 9), rel=1e-12)


def test_equal_sums_of_tenths_are_ties_whatever_their_last_digits():
    tenths = [3, -1, -2, 4, 1, -5, 2]
    sums = [sum(s * x for s, x in zip(signs, tenths, strict=True)) for signs in product((1, -1), repeat=7)]
    result = association_test(effects(0.5 + np.array(tenths) / 10), alternative="greater", seed=0)
    assert (result.p_greater, result.p_less) == (
        sum(x >= sums[0] for x in sums) / 128,
        sum(x <= sums[0] for x in sums) / 128,
    )


def test_documents_that_differ_fool_the_pooled_test_and_not_the_one_within_documents():
    """C12: activation and outcome both vary between documents and are unrelated within each."""
    rng = np.random.default_rng(12)
    runs, pooled, within = 300, 0, 0
    for seed in range(runs):
        level = rng.normal(size=(8, 1))
        values = 2 * level + rng.normal(size=(8, 20))
        labels = rng.random((8, 20)) < 1 / (1 + np.exp(-1.5 * rng.choice([-1, 1]) * level))
        x, y = values.ravel(), labels.ravel()
        pooled += stats.mannwhitneyu(x[y], x[~y]).pvalue <= 0.05
        found = within_unit_auroc(x, y, np.repeat(np.arange(8), 20))
        within += association_test(found, alternative="two-sided", seed=seed).p_value <= 0.05
    assert pooled > runs / 2
    assert within <= stats.binom.ppf(0.9995, runs, 0.05)
    assert within >= stats.binom.ppf(0.0005, runs, 0.03)  # few documents: the attained level is below 0.05


def effects(values, chance=0.5, low=0.0, high=1.0):
    names = tuple(str(i) for i in range(len(values)))
    return WithinUnits("AUROC", np.asarray(values) - chance, names, 0, chance, low, high)


def test_interval_of_shares_is_wilsons_with_students_quantile():
    """Units that are all 0 or 1 are plain shares; n / (n - 1) is the dispersion the unbiased variance gives."""
    values = np.r_[np.ones(7), np.zeros(5)]
    found = association_estimate(effects(values), level=0.9)
    inflated = stats.norm.sf(stats.t.ppf(0.95, 11) * np.sqrt(12 / 11)) * 2
    low, high = proportion_confint(7, 12, alpha=inflated, method="wilson")
    assert (found.low, found.high) == pytest.approx((low, high), rel=1e-9)
    assert found.value == pytest.approx(7 / 12)


@quick
@given(st.lists(st.floats(0, 1), min_size=2, max_size=12), st.floats(0.5, 0.99))
def test_interval_contains_the_mean_stays_in_its_range_and_never_is_a_point(values, level):
    for found in (
        association_estimate(effects(values), level=level),
        association_estimate(effects(2 * np.array(values) - 1, 0.0, -1.0, 1.0), level=level),
    ):
        bounds = (0.0, 1.0) if found.low >= 0 and min(values) >= 0 and found.value >= 0 else (-1.0, 1.0)
        assert -1 <= found.low <= found.value <= found.high <= bounds[1]
        assert found.low < found.high
    plain, mirrored = (association_estimate(effects(x), level=level) for x in (values, 1 - np.array(values)))
    assert (mirrored.low, mirrored.high) == pytest.approx((1 - plain.high, 1 - plain.low), abs=1e-6)


def test_units_all_at_the_end_leave_room_for_what_was_not_seen():
    found = association_estimate(effects(np.ones(20)))
    assert (found.value, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.05 ** (1 / 20))
    assert stats.binom.pmf(20, 20, found.low) == pytest.approx(0.05)


@pytest.mark.parametrize(("shift", "units"), [(0.0, 6), (1.0, 20), (3.0, 10)])
def test_coverage_of_the_mean_auroc(shift, units):
    rng, runs, held = np.random.default_rng([7, units]), 400, 0
    shifts = rng.normal(shift, 0.5, 200_000)
    true = stats.norm.cdf(shifts / np.sqrt(2)).mean()
    for _ in range(runs):
        ones = rng.normal(size=(units, 10, 1)) + rng.normal(shift, 0.5, (units, 1, 1))
        found = association_estimate(effects((ones > rng.normal(size=(units, 1, 30))).mean(axis=(1, 2))))
        held += found.low <= true <= found.high
    assert held >= stats.binom.ppf(0.0005, runs, 0.94)


def test_decimal_edges_take_in_the_values_written_like_them():
    bins = ProportionBins("-0.5", "1", "0.1")
    assert [Decimal(repr(float(edge))) for edge in bins.edges] == [
        Decimal("-0.5") + i * Decimal("0.1") for i in range(16)
    ]
    for i, edge in enumerate(bins.edges[:-1]):
        fresh = ProportionBins("-0.5", "1", "0.1")
        fresh.add([edge, np.nextafter(edge, 9), np.nextafter(edge, -9)], [True, False, True])
        counts = [one.count for one in fresh.bins()]
        assert counts[i] == 2
        assert (counts[i - 1] if i else fresh.below[0]) == 1
    fresh = ProportionBins("0", "1", "0.1")
    fresh.add([0.3, 0.1 * 3, 0.8, 0.7 + 0.1, 1.0, -1e-300], [1, 1, 0, 0, 1, 0])
    counts = [one.count for one in fresh.bins()]
    assert counts == [0, 0, 0, 2, 0, 0, 0, 1, 1, 0]  # 0.7 + 0.1 is below 0.8
    assert (fresh.below, fresh.above) == ((1, 0), (1, 1))


@quick
@given(st.lists(st.tuples(st.floats(-2, 2), st.booleans()), min_size=1, max_size=60), st.integers(1, 20))
def test_bins_count_every_token_once_in_whatever_portions_it_comes(tokens, portion):
    values, hits = (np.array(side) for side in zip(*tokens, strict=True))
    whole, parts = ProportionBins("-1", "1", "0.25"), ProportionBins("-1", "1", "0.25")
    whole.add(values, hits)
    for start in range(0, len(values), portion):
        parts.add(values[start : start + portion], hits[start : start + portion])
    assert whole.bins() == parts.bins()
    assert sum(one.count for one in whole.bins()) + whole.below[0] + whole.above[0] == len(values)
    assert sum(one.hits for one in whole.bins()) + whole.below[1] + whole.above[1] == hits.sum()
    expected = np.histogram(values[values < 1], np.linspace(-1, 1, 9))[0]
    assert [one.count for one in whole.bins()] == expected.tolist()


def test_bands_are_wilsons_and_bins_with_few_tokens_are_marked():
    bins = ProportionBins("0", "3", "1")
    bins.add(np.r_[np.zeros(40), np.ones(9)], np.r_[np.arange(40) < 7, np.ones(9)])
    full, few, empty = bins.bins(level=0.9)
    assert (full.low, full.high) == pytest.approx(
        proportion_confint(7, 40, alpha=0.1, method="wilson"), rel=1e-12
    )
    assert (full.share, full.sparse) == (7 / 40, False)
    assert few.sparse
    assert not bins.bins(fewest=9)[1].sparse
    assert (empty.count, empty.share, empty.low, empty.high, empty.sparse) == (0, None, 0.0, 1.0, True)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: within_unit_auroc([1.0, 2.0], [True, False], ["a", "b"]), "Only 0 of 2 units"),
        (lambda: within_unit_auroc([1.0, 2.0, 3.0], [1, 0, 2], [1, 1, 1]), "true or false"),
        (lambda: within_unit_auroc([1.0, np.nan], [1, 0], [1, 1]), "NaN"),
        (lambda: within_unit_auroc([1.0, 2.0], [1, 0], [1]), "needs an activation"),
        (lambda: within_unit_auroc([1.0, 2.0], [1, 0], [0.5, 0.5]), "texts or whole numbers"),
        (lambda: within_unit_correlation([1.0] * 4, [1, 2, 3, 4], [1, 1, 2, 2]), "Only 0 of 2 units"),
        (lambda: association_estimate(effects([0.1, 0.2]), level=1.0), "level"),
        (lambda: ProportionBins("0", "1", "0.3"), "divide the range"),
        (lambda: ProportionBins("0", "1", "0"), "divide the range"),
        (lambda: ProportionBins(0.1, "1", "0.1"), "decimal texts"),
        (lambda: ProportionBins("zero", "1", "0.1"), "decimal texts"),
        (lambda: ProportionBins("0", "1", "0.1").add([1.0, 2.0], [True]), "one outcome"),
        (lambda: ProportionBins("0", "1", "0.1").add([1.0], [3]), "one outcome"),
        (lambda: ProportionBins("1e16", "10000000000000001", "0.5"), "too narrow"),
    ],
)
def test_what_shows_no_association_is_refused_in_words(call, words):
    with pytest.raises(StatsError, match=words):
        call()
