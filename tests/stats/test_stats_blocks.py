from __future__ import annotations

import math
from fractions import Fraction
from itertools import combinations, product

import numpy as np
import pytest
import statsmodels.api as sm
from cases import for_each
from flat import two_sample_test, two_sample_tests
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from skewed_sets import bends, slowed
from stats_data import KINDS, quick, sample

from neuronclaims.stats import (
    StatsError,
    auroc_estimate,
    blocked_auroc_estimate,
    blocked_hedges_g_estimate,
    blocked_mean_difference_estimate,
    hedges_g_estimate,
    mean_difference_estimate,
)
from neuronclaims.stats.effects.within_blocks import blocked_fit
from neuronclaims.stats.permutation import ranklaw
from neuronclaims.stats.permutation.blocks import BlockSubsets

MIXED = [0, 0, 1, 2, 2, 2], [0, 1, 1, 1, 2, 2, 0]
EVEN = [0, 0, 1, 2, 2], [2, 1, 0, 2, 0]
DESIGNS = {"mixed": MIXED, "even": EVEN, "swapped": MIXED[::-1], "two": ([5, 5, 3], [3, 3, 3, 5])}
OPTIONS = {"paired": False, "alternative": "greater", "seed": 0}


def values(kind, blocks, seed=0):
    rng = np.random.default_rng([seed, len(kind)])
    return tuple(sample(kind, len(side), rng) for side in blocks)


def listed_p(a, b, blocks, statistic):
    """Both one-sided permutation p by listing every relabelling within blocks, in exact fractions."""
    cells = []
    for name in sorted(set(blocks[0])):
        inside = [
            [Fraction(float(v)) for v, k in zip(side, ks, strict=True) if k == name]
            for side, ks in zip((a, b), blocks, strict=True)
        ]
        cells.append(list(splits(*inside, statistic)))
    scores = [sum(choice) for choice in product(*cells)]
    seen = sum(cell[0] for cell in cells)
    return sum(s >= seen for s in scores) / len(scores), sum(s <= seen for s in scores) / len(scores)


def splits(first, second, statistic):
    """The block's share in the statistic for every split, the observed one first."""
    pooled = [*first, *second]
    for chosen in combinations(range(len(pooled)), len(first)):
        x = [pooled[i] for i in chosen]
        y = [v for i, v in enumerate(pooled) if i not in chosen]
        if statistic == "auroc":
            yield sum(Fraction(2 * (u > v) + (u == v), 2) for u in x for v in y)
        else:
            gap = sum(x, Fraction(0)) / len(x) - sum(y, Fraction(0)) / len(y)
            yield gap * len(x) * len(y) / len(pooled)


@pytest.mark.parametrize("law", [True, False])
@for_each("kind", KINDS)
@for_each("design", DESIGNS)
@for_each("statistic", ["mean", "auroc"])
def test_p_counts_every_relabelling_within_blocks_in_fractions(kind, design, statistic, law, monkeypatch):
    if not law:
        monkeypatch.setattr(ranklaw, "_WORK_LIMIT", 0)
    blocks = DESIGNS[design]
    a, b = values(kind, blocks)
    found = [
        two_sample_test(a, b, statistic=statistic, blocks=blocks, **(OPTIONS | {"alternative": side}))
        for side in ("greater", "less")
    ]
    assert found[0].exact
    expected = listed_p(a, b, blocks, statistic)
    assert [one.p_permutation for one in found] == pytest.approx(expected, rel=1e-14, abs=0)


@for_each("kind", ["float64", "relu", "tenths"])
@for_each("design", DESIGNS)
def test_random_relabellings_within_blocks_estimate_the_exact_p(kind, design):
    blocks = DESIGNS[design]
    a, b = values(kind, blocks, seed=1)
    exact = two_sample_test(a, b, statistic="mean", blocks=blocks, **OPTIONS).p_permutation
    drawn = two_sample_test(
        a, b, statistic="mean", blocks=blocks, exact_limit=0, max_resamples=9_999, **OPTIONS
    )
    assert not drawn.exact
    assert stats.binomtest(round(drawn.p_permutation * 10_000) - 1, 9_999, exact).pvalue > 1e-4


def test_every_arrangement_comes_once_and_draws_depend_on_seed_and_number_alone():
    ways = BlockSubsets((3, 2, 4), (1, 1, 2))
    rows = np.concatenate(list(ways.every(columns=300_000)))
    assert ways.total == len(rows) == len(np.unique(rows, axis=0)) == 3 * 2 * math.comb(4, 2)
    parts = np.split(rows, [3, 5], axis=1)
    assert [set(part.sum(axis=1)) for part in parts] == [{1}, {1}, {2}]
    keys = np.random.PCG64(42).random_raw(9 * 50).reshape(50, 9)
    expected = [
        np.concatenate([key[:3] == min(key[:3]), key[3:5] == min(key[3:5]), key[5:] <= sorted(key[5:])[1]])
        for key in keys
    ]
    whole = np.concatenate(list(ways.drawn(42, 0, 50)))
    assert np.array_equal(whole, expected)
    pieces = [block for cut in (0, 20) for block in ways.drawn(42, cut, cut + 20 + cut // 2, columns=700_000)]
    assert np.array_equal(whole, np.concatenate(pieces))


@for_each("statistic", ["mean", "auroc"])
@for_each("sizes", [(5, 8), (6, 6), (9, 4)])
@for_each("options", [{}, {"exact_limit": 0, "max_resamples": 9_999}])
def test_one_block_is_no_block(statistic, sizes, options):
    rng = np.random.default_rng(4)
    a, b = rng.normal(0.5, 2, sizes[0]), rng.normal(size=sizes[1])
    blocks = [7] * sizes[0], [7] * sizes[1]
    plain = two_sample_test(a, b, statistic=statistic, **OPTIONS, **options)
    assert two_sample_test(a, b, statistic=statistic, blocks=blocks, **OPTIONS, **options) == plain
    assert blocked_mean_difference_estimate(a, b, blocks) == mean_difference_estimate(a, b)
    assert blocked_auroc_estimate(a, b, blocks) == auroc_estimate(a, b)
    assert blocked_hedges_g_estimate(a, b, blocks) == hedges_g_estimate(a, b)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("statistic", ["mean", "auroc"])
@pytest.mark.parametrize("options", [{}, {"exact_limit": 0, "resamples": 300}])
def test_many_neurons_at_once_equal_each_alone(design, statistic, options, monkeypatch):
    monkeypatch.setattr(ranklaw, "_WORK_LIMIT", 0)
    blocks = DESIGNS[design]
    columns = [values(kind, blocks, seed=2) for kind in KINDS]
    first, second = (np.stack(side, axis=1) for side in zip(*columns, strict=True))
    many = two_sample_tests(first, second, statistic=statistic, blocks=blocks, **OPTIONS, **options)
    for place, (a, b) in enumerate(columns):
        alone = two_sample_test(
            a, b, statistic=statistic, blocks=blocks, max_resamples=300, **OPTIONS, **options
        )
        assert (many.p_value[place], many.p_less[place]) == (alone.p_value, alone.p_less)
        assert many.statistic[place] == alone.statistic
        assert (many.welch_guard is not None and many.welch_guard[place]) == alone.welch_guard


@quick
@given(st.data())
def test_levels_of_blocks_order_of_units_and_names_of_sets_change_no_p(data):
    blocks = data.draw(st.sampled_from(list(DESIGNS.values())))
    small = st.integers(-4, 4)
    a, b = (np.array(data.draw(st.lists(small, min_size=len(s), max_size=len(s)))) for s in blocks)
    statistic, limit = data.draw(st.sampled_from(["mean", "auroc"])), data.draw(st.sampled_from([0, 10**5]))
    options = {"statistic": statistic, "exact_limit": limit, "resamples": 99, "max_resamples": 99}
    plain = two_sample_test(a, b, blocks=blocks, **OPTIONS, **options)
    level = data.draw(st.dictionaries(st.integers(0, 5), small, min_size=6, max_size=6))
    raised = [side + [level[k] for k in ks] for side, ks in zip((a, b), blocks, strict=True)]
    moved = two_sample_test(*raised, blocks=blocks, **OPTIONS, **options)
    assert (moved.p_value, moved.p_less) == (plain.p_value, plain.p_less)
    order = data.draw(st.permutations(range(len(a))))
    mixed = [blocks[0][i] for i in order], blocks[1]
    shuffled = two_sample_test(a[list(order)], b, blocks=mixed, **OPTIONS, **options)
    assert (shuffled.p_value, shuffled.p_less) == (plain.p_value, plain.p_less)
    turned = two_sample_test(b, a, blocks=blocks[::-1], **(OPTIONS | {"alternative": "less"}), **options)
    assert (turned.p_value, turned.p_greater) == (plain.p_value, plain.p_less)


def least_squares(a, b, blocks):
    z = np.r_[np.ones(len(a)), np.zeros(len(b))]
    levels = [np.concatenate(blocks) == name for name in sorted(set(blocks[0]))]
    return sm.OLS(np.concatenate([a, b]), np.column_stack([z, *levels]).astype(float)).fit(), z


@for_each("design", DESIGNS)
@for_each("scale", [1.0, 1e-9, 1e9])
def test_the_difference_and_its_error_are_those_of_statsmodels_with_block_dummies(design, scale):
    blocks = DESIGNS[design]
    a, b = (scale * side for side in values("float64", blocks, seed=3))
    a = 3 * a
    fit, z = least_squares(a, b, blocks)
    robust = fit.get_robustcov_results("HC2")
    found = blocked_mean_difference_estimate(a, b, blocks)
    assert found.value == pytest.approx(fit.params[0], rel=1e-9)
    # Satterthwaite's degrees of freedom from the full matrices of the quadratic form.
    rest = np.eye(len(z)) - fit.model.exog @ np.linalg.pinv(fit.model.exog)
    variances = fit.resid**2 / np.diag(rest)
    spread = np.where(z == 1, variances[z == 1].mean(), variances[z == 0].mean())
    weight = np.diag(np.linalg.pinv(fit.model.exog)[0] / np.sqrt(np.diag(rest)))
    form = weight @ rest @ np.diag(spread) @ rest @ weight
    df = np.trace(form) ** 2 / np.trace(form @ form)
    left = bends(fit.resid[z == 1], fit.resid[z == 0])
    for reach, bend in zip((found.value - found.low, found.high - found.value), left, strict=True):
        assert stats.t.sf(slowed(reach / robust.bse[0], bend), df) == pytest.approx(0.025, rel=1e-6)
    test = two_sample_test(a, b, statistic="mean", blocks=blocks, **OPTIONS)
    assert test.statistic == pytest.approx(fit.params[0], rel=1e-9)
    if test.welch_guard:
        welch = stats.t.sf(robust.tvalues[0], df)
        assert test.p_value == pytest.approx(max(test.p_permutation, welch), rel=1e-7)
    assert test.welch_guard == (
        len(a) != len(b) and (variances[z == 1].mean() > variances[z == 0].mean()) == (len(a) < len(b))
    )


def test_the_standardised_difference_is_in_residual_standard_deviations_with_their_degrees_of_freedom():
    a, b = values("float64", MIXED, seed=5)
    fit, _ = least_squares(a, b, MIXED)
    df = len(a) + len(b) - 4
    found = blocked_hedges_g_estimate(a, b, MIXED, level=0.9)
    factor = math.gamma(df / 2) / (math.sqrt(df / 2) * math.gamma((df - 1) / 2))
    assert found.value == pytest.approx(factor * fit.params[0] / math.sqrt(fit.mse_resid), rel=1e-10)
    size = math.sqrt(fit.mse_resid) / fit.bse[0]
    for limit, share in ((found.low, 0.95), (found.high, 0.05)):
        assert stats.nct.cdf(fit.tvalues[0], df, limit * size) == pytest.approx(share, abs=1e-7)


def test_the_auroc_within_blocks_counts_pairs_of_one_block_and_solves_the_score_equation():
    a, b = values("small integers", MIXED, seed=6)
    pairs = [
        (x > y) + 0.5 * (x == y)
        for x, i in zip(a, MIXED[0], strict=True)
        for y, j in zip(b, MIXED[1], strict=True)
        if i == j
    ]
    found = blocked_auroc_estimate(a, b, MIXED)
    assert found.value == pytest.approx(np.mean(pairs), rel=1e-14)
    members = [
        (
            [x for x, i in zip(a, MIXED[0], strict=True) if i == k],
            [y for y, j in zip(b, MIXED[1], strict=True) if j == k],
        )
        for k in range(3)
    ]

    def borrowed(theta: float, n1: int, n2: int) -> float:  # Newcombe 2006, method 5, written out
        weight = (n1 + n2) / 2 - 1
        q = 1 + weight * (1 - theta) / (2 - theta) + weight * theta / (1 + theta)
        return n1 * n2 * theta * (1 - theta) * q

    def own(
        xs: list[float], ys: list[float]
    ) -> float:  # DeLong 1988, written out, for the number of pairs won
        over = [sum((x > y) + 0.5 * (x == y) for y in ys) for x in xs]
        under = [sum((x > y) + 0.5 * (x == y) for x in xs) for y in ys]
        return len(xs) * np.var(over, ddof=1) + len(ys) * np.var(under, ddof=1)

    # Of normal values as far apart as those of one set and block are from their median: P(Y < X)'s variance over X.
    spread = []
    for side in (0, 1):
        cells = [np.array(pair[side]) for pair in members]
        spread.append(np.concatenate([np.abs(cell - np.median(cell)) for cell in cells]).mean())
    shares = [np.arcsin(one**2 / (spread[0] ** 2 + spread[1] ** 2)) for one in spread]

    for theta in (found.low, found.high):
        total = 0.0
        for xs, ys in members:
            sizes = len(xs), len(ys)
            value = np.mean([(x > y) + 0.5 * (x == y) for x in xs for y in ys])
            at_value = borrowed(value, *sizes)
            excess = max(1.0, own(xs, ys) / at_value) if at_value and min(sizes) > 1 else 1.0
            if (sizes[0] - sizes[1]) * (spread[0] - spread[1]) < 0:
                unequal = (shares[0] / sizes[0] + shares[1] / sizes[1]) / (
                    sum(1 / n for n in sizes) * np.pi / 6
                )
                excess = max(excess, unequal)
            total += excess * borrowed(theta, *sizes)
        gap = abs(found.value - theta) * len(pairs)
        assert gap == pytest.approx(stats.norm.ppf(0.975) * math.sqrt(total), rel=1e-9)


@quick
@given(st.data())
def test_intervals_contain_their_estimate_and_stay_in_range(data):
    blocks = data.draw(st.sampled_from(list(DESIGNS.values())))
    number = st.one_of(st.integers(-2, 2).map(float), st.floats(-1e6, 1e6))
    a, b = (data.draw(st.lists(number, min_size=len(s), max_size=len(s))) for s in blocks)
    for estimate in (
        blocked_mean_difference_estimate(a, b, blocks),
        blocked_hedges_g_estimate(a, b, blocks),
        blocked_auroc_estimate(a, b, blocks),
    ):
        if estimate.low is not None:
            assert estimate.low <= estimate.value <= estimate.high
    assert 0 <= estimate.low <= estimate.high <= 1


@pytest.mark.parametrize("ratio", [1.0, 3.0])
def test_the_interval_of_the_difference_covers_with_unequal_spreads_in_unequal_blocks(ratio):
    rng = np.random.default_rng(1)
    codes = np.repeat(range(4), 2), np.repeat(range(4), 6)
    first, second = ratio * rng.standard_normal((8, 4000)), rng.standard_normal((24, 4000))
    fit = blocked_fit(first, second, codes)
    covered = np.mean(np.abs(fit.difference) <= stats.t.ppf(0.975, fit.df) * fit.error)
    assert 0.93 <= covered <= 0.965  # ordinary least squares covers .79 at the ratio 3


@pytest.mark.parametrize("statistic", ["mean", "auroc"])
def test_values_constant_within_blocks_are_no_evidence_and_constant_cells_the_most_there_can_be(statistic):
    level = np.array([3.0, 0.1, -2.0])
    a, b = level[MIXED[0]], level[MIXED[1]]
    same = two_sample_test(a, b, statistic=statistic, blocks=MIXED, **OPTIONS)
    assert (same.p_value, same.degenerate) == (1.0, True)
    assert same.statistic == (0.5 if statistic == "auroc" else 0.0)
    apart = two_sample_test(a + 0.7, b, statistic=statistic, blocks=MIXED, **OPTIONS)
    assert (apart.p_value, apart.degenerate) == (apart.smallest_p, False)
    for first, value in ((a, 0.0), (a + 0.7, 0.7)):
        found = blocked_mean_difference_estimate(first, b, MIXED)
        assert found.value == pytest.approx(value, abs=1e-12)
        assert (found.low, found.high) == (None, None)
        assert blocked_hedges_g_estimate(first, b, MIXED).value is None


@pytest.mark.parametrize(
    ("blocks", "options", "says"),
    [
        (([0, 1], [0, 0, 0]), {}, "Block 1 has units of one set only"),
        (([0, 1, 1], [0, 0, 1]), {}, "3 block numbers for 2 units of the first set"),
        (([0, 1], [0, 1]), {}, "2 block numbers for 3 units of the second set"),
    ],
)
def test_blocks_that_do_not_fit_are_one_clear_error(blocks, options, says):
    a, b = [1.0, 2.0], [3.0, 4.0, 5.0]
    for make in (
        lambda: two_sample_test(a, b, statistic="mean", blocks=blocks, **OPTIONS),
        lambda: blocked_auroc_estimate(a, b, blocks),
    ):
        with pytest.raises(StatsError, match=says):
            make()


def test_blocks_of_pairs_are_refused():
    with pytest.raises(StatsError, match="blocks or pairs, not both"):
        two_sample_test(
            [1, 2], [3, 4], statistic="mean", blocks=([0, 1], [0, 1]), **(OPTIONS | {"paired": True})
        )


def test_the_method_names_the_blocks():
    a, b = values("float64", EVEN)
    found = two_sample_test(a, b, statistic="mean", blocks=EVEN, unit="prompt", **OPTIONS)
    expected = (
        "exact permutation of 10 prompts within 3 blocks (all 72 ways to exchange the labels), "
        "block-adjusted difference of means"
    )
    assert found.method == expected
