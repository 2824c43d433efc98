"""The null of a search: the maxima that a plain enumeration gives, from which p can be counted again."""

from __future__ import annotations

from itertools import combinations, product

import flat
import numpy as np
import pytest
from cases import for_each
from scipy.stats import rankdata, ttest_ind, ttest_rel

from neuronclaims.stats.maximum.maximum_nulls import maximum_null
from neuronclaims.stats.permutation.nulls import BINS, DRAWS


def rank_sums(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the rank sum of the first set over its standard deviation under relabelling, of every column."""
    ranks = rankdata(np.concatenate([one, other]), axis=0)
    n1, n2 = len(one), len(other)
    n = n1 + n2
    spread = np.sqrt(n1 * n2 / n * ranks.var(axis=0, ddof=1))
    return (ranks[:n1].sum(axis=0) - n1 * (n + 1) / 2) / spread


def welch(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return ttest_ind(one, other, equal_var=False).statistic


def exchanged(one: np.ndarray, other: np.ndarray, statistic, paired: bool) -> np.ndarray:
    """Return the statistic of every column in every arrangement, [arrangements, m]."""
    if paired:
        signs = np.array(list(product([False, True], repeat=len(one))))[:, :, None]
        swapped = [(np.where(row, other, one), np.where(row, one, other)) for row in signs]
        return np.array([ttest_rel(*sides).statistic for sides in swapped])
    pooled, places = np.concatenate([one, other]), set(range(len(one) + len(other)))
    chosen = [list(marked) for marked in combinations(sorted(places), len(one))]
    return np.array([statistic(pooled[mark], pooled[sorted(places - set(mark))]) for mark in chosen])


def binned(values: np.ndarray) -> list[int]:
    """Count values in 30 bins of one width; one that lies on an edge belongs to the upper bin."""
    width = (values.max() - values.min()) / BINS
    edges = values.min() + width * np.arange(1, BINS) - 1e-8 * width
    return np.bincount(np.searchsorted(edges, values, "right"), minlength=BINS).tolist()


DESIGNS = [
    ((4, 4), False, "mean"),
    ((3, 5), False, "mean"),
    ((5, 3), False, "mean"),
    ((3, 5), False, "auroc"),
    ((5, 3), False, "auroc"),
    ((7, 7), True, "mean"),
]


@for_each("sizes, paired, statistic", DESIGNS)
@for_each("side", ["greater", "less"])
def test_the_maxima_are_those_of_plain_enumeration_and_p_is_their_share(
    sizes, paired, statistic, side
) -> None:
    draws = np.random.default_rng(11)
    one, other = (draws.normal(size=(size, 6)) for size in sizes)
    one[:, 2] += 2 if side == "greater" else -2
    function = rank_sums if statistic == "auroc" else welch
    every = exchanged(one, other, function, paired)
    sign = 1 if side == "greater" else -1
    seen = ttest_rel(one, other).statistic if paired else function(one, other)
    results = flat.max_statistic_tests(
        one, other, paired=paired, statistic=statistic, alternative=side, seed=1
    )
    assert results.statistic == pytest.approx(seen)
    order = np.argsort(-sign * seen)  # the clearest first
    shares = []
    for column in order:
        compared = sign * seen <= sign * seen[column] + 1e-9
        maxima = (sign * every[:, compared]).max(axis=1)
        found = maximum_null(one, other, int(column), paired=paired, statistic=statistic, side=side, seed=1)
        assert found is not None
        assert found.null.every
        assert found.neurons == compared.sum()
        assert (found.null.low, found.null.high) == pytest.approx(
            ((sign * maxima).min(), (sign * maxima).max())
        )
        assert list(found.null.counts) == binned(sign * maxima)
        shares.append(np.mean(maxima >= sign * seen[column] - 1e-9))
    assert results.p_step_down[order] == pytest.approx(np.maximum.accumulate(shares))


def test_a_neuron_that_never_varies_has_none_and_takes_no_part() -> None:
    draws = np.random.default_rng(12)
    one, other = draws.normal(size=(4, 3)), draws.normal(size=(4, 3))
    one[:, 1] = other[:, 1] = 2.0
    asked = {"paired": False, "statistic": "mean", "seed": 1}
    assert maximum_null(one, other, 1, side="greater", **asked) is None
    clearest = 0 if welch(one[:, 0], other[:, 0]) > welch(one[:, 2], other[:, 2]) else 2
    found = maximum_null(one, other, clearest, side="greater", **asked)
    assert found is not None
    assert found.neurons == 2


def test_sets_that_separate_without_spread_count_in_the_outermost_bin() -> None:
    one, other = np.ones((4, 1)), np.zeros((4, 1))
    found = maximum_null(one, other, 0, paired=False, statistic="mean", side="greater", seed=1)
    assert found is not None
    assert sum(found.null.counts) == 70
    # 1 of 70 is infinite as observed; of the others the largest has three ones in the first set, as 16 have.
    assert found.null.high == pytest.approx(
        welch(np.array([[1.0], [1], [1], [0]]), 1 - np.array([[1.0], [1], [1], [0]]))[0]
    )
    assert found.null.counts[-1] == 1 + 16


def test_of_many_arrangements_the_first_that_the_test_draws_are_looked_at() -> None:
    draws = np.random.default_rng(13)
    one, other = draws.normal(size=(20, 40)), draws.normal(size=(30, 40))
    one[:, 7] += 1
    found = maximum_null(one, other, 7, paired=False, statistic="mean", side="greater", seed=5)
    assert found is not None
    assert (len(found.null.counts), sum(found.null.counts), found.null.every) == (BINS, DRAWS, False)
    results = flat.max_statistic_tests(
        one, other, paired=False, statistic="mean", alternative="greater", seed=5, resamples=DRAWS
    )
    # Of the very same draws, 1 + as many as reach the observed value, over 1 + all.
    width = (found.null.high - found.null.low) / BINS
    edges = found.null.low + width * np.arange(BINS)
    reached = results.p_step_down[7] * (1 + DRAWS) - 1
    counts, seen = np.array(found.null.counts), results.statistic[7]
    assert counts[edges > seen].sum() <= reached <= counts[edges + width > seen].sum()
