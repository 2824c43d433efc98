from __future__ import annotations

import itertools

import numpy as np
import pytest
from flat import exchange_test
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from stats_data import quick

from neuronclaims.stats import StatsError
from neuronclaims.stats.permutation.arrangements import Subsets
from neuronclaims.stats.permutation.exchange import content_order, whole_numbers


def median_gap(values, n1):
    """An unusual statistic: medians are picked values, so equal arrangements give equal numbers."""

    def statistic(rows):
        return np.array([np.median(values[row]) - np.median(values[~row]) for row in rows])

    return statistic


def brute(statistic, n, n1, paired):
    if paired:
        rows = np.array(list(itertools.product((False, True), repeat=n)))
        seen = statistic(np.zeros((1, n), dtype=bool))[0]
    else:
        chosen = list(itertools.combinations(range(n), n1))
        rows = np.array([[i in c for i in range(n)] for c in chosen])
        seen = statistic(np.arange(n)[None] < n1)[0]
    found = statistic(rows)
    return np.mean(found >= seen), np.mean(found <= seen)


@pytest.mark.parametrize(("n1", "n2"), [(4, 4), (3, 6), (6, 3)])
def test_exact_p_is_that_of_listing_every_subset(n1, n2):
    values = np.random.default_rng(n1).integers(0, 6, n1 + n2).astype(float)
    statistic = median_gap(values, n1)
    found = exchange_test(statistic, (n1, n2), alternative="two-sided", seed=0)
    above, below = brute(statistic, n1 + n2, n1, False)
    assert (found.p_greater, found.p_less) == (above, below)
    assert found.p_value == min(1.0, 2 * min(above, below))
    assert found.exact
    assert found.arrangements == Subsets(n1 + n2, n1).total


def test_exact_paired_p_is_that_of_listing_every_swap():
    pairs = np.random.default_rng(0).integers(0, 9, (7, 2)).astype(float)

    def statistic(rows):
        first = np.where(rows, pairs[:, 1], pairs[:, 0])
        second = np.where(rows, pairs[:, 0], pairs[:, 1])
        return first.max(axis=1) - second.max(axis=1)

    found = exchange_test(statistic, (7, 7), paired=True, alternative="greater", seed=0)
    assert (found.p_greater, found.p_less) == brute(statistic, 7, 7, True)
    assert found.smallest_p == 2.0**-7
    sorted_by_content = exchange_test(
        statistic, (7, 7), paired=True, alternative="greater", seed=0, content=pairs
    )
    assert sorted_by_content == found


@pytest.mark.parametrize(
    ("hits1", "n1", "hits2", "n2"), [(5, 7, 2, 8), (6, 6, 1, 6), (9, 9, 0, 4), (3, 5, 3, 6)]
)
def test_a_difference_of_shares_gives_fishers_exact_p(hits1, n1, hits2, n2):
    hits = np.r_[np.arange(n1) < hits1, np.arange(n2) < hits2].astype(float)

    def statistic(rows):
        inside = rows @ hits
        return inside / n1 - (hits.sum() - inside) / n2

    found = exchange_test(statistic, (n1, n2), alternative="greater", seed=0)
    table = [[hits1, n1 - hits1], [hits2, n2 - hits2]]
    assert found.p_greater == pytest.approx(
        stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-12
    )
    assert found.p_less == pytest.approx(stats.fisher_exact(table, alternative="less").pvalue, rel=1e-12)


def test_random_draws_agree_with_the_exact_p_within_a_binomial_band():
    values = np.random.default_rng(5).normal(size=16) + np.r_[np.ones(8), np.zeros(8)]
    statistic = median_gap(values, 8)
    options = {"alternative": "greater", "content": values}
    exact = exchange_test(statistic, (8, 8), seed=0, **options).p_value
    drawn = exchange_test(
        statistic, (8, 8), seed=3, exact_limit=0, resamples=1999, max_resamples=1999, **options
    )
    count = round(drawn.p_value * 2000) - 1
    low, high = stats.binom.interval(0.9999, 1999, exact)
    assert low <= count <= high
    assert drawn.standard_error == pytest.approx(np.sqrt(drawn.p_value * (1 - drawn.p_value) / 1999))
    assert not drawn.exact


@quick
@given(st.permutations(range(6)), st.permutations(range(6)), st.booleans())
def test_with_content_draws_depend_neither_on_the_order_of_units_nor_on_which_set_is_named_first(p, q, swap):
    rng = np.random.default_rng(8)
    first, second = rng.normal(size=6) + 0.5, rng.normal(size=6)

    def tested(a, b):
        values = np.concatenate([a, b])
        return exchange_test(
            median_gap(values, 6),
            (6, 6),
            alternative="greater",
            seed=1,
            exact_limit=0,
            resamples=99,
            max_resamples=99,
            content=values,
        )

    plain = tested(first, second)
    a, b = first[list(p)], second[list(q)]
    other = tested(b, a) if swap else tested(a, b)
    assert (other.p_less if swap else other.p_greater) == plain.p_greater


def test_blocks_of_any_size_give_the_same_p():
    values = np.random.default_rng(2).normal(size=12)
    found = {
        exchange_test(
            median_gap(values, 5),
            (5, 7),
            alternative="less",
            seed=9,
            exact_limit=0,
            resamples=300,
            max_resamples=300,
            columns=columns,
        ).p_value
        for columns in (1, 100_000, 2_000_000)
    }
    assert len(found) == 1


def test_tolerance_keeps_the_ties_that_rounding_would_lose():
    values = np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    shaken = np.random.default_rng(0)

    def statistic(rows):  # what a sum in another order does to the last digits
        return rows @ values + shaken.choice([-1e-16, 0.0, 1e-16], len(rows))

    whole = exchange_test(lambda rows: rows @ (10 * values).round(), (3, 3), alternative="greater", seed=0)
    kept = exchange_test(statistic, (3, 3), alternative="greater", seed=0, tolerance=1e-12)
    assert kept.p_greater == whole.p_greater
    assert kept.p_less == whole.p_less


def test_draws_go_on_until_p_is_settled_and_say_so_when_it_is_not():
    hits = np.r_[np.ones(11), np.zeros(9)]
    options = {"alternative": "greater", "seed": 4, "exact_limit": 0, "content": hits}
    fisher = stats.fisher_exact([[8, 2], [3, 7]], alternative="greater").pvalue  # 0.0349
    order = np.r_[hits[:8], hits[11:13], hits[8:11], hits[13:]]
    few = exchange_test(lambda r: r @ order, (10, 10), resamples=99, max_resamples=99, **options)
    many = exchange_test(lambda r: r @ order, (10, 10), resamples=99, max_resamples=99_999, **options)
    assert not few.resolved
    assert many.resolved
    assert many.arrangements > few.arrangements
    assert many.p_value == pytest.approx(fisher, abs=4 * many.standard_error)
    assert few.p_value > 0


def test_a_statistic_that_labels_cannot_change_is_degenerate():
    found = exchange_test(lambda rows: np.zeros(len(rows)), (3, 4), alternative="two-sided", seed=0)
    assert found.degenerate
    assert found.p_value == 1.0
    assert not exchange_test(lambda r: r[:, 0] * 1.0, (3, 4), alternative="less", seed=0).degenerate


@pytest.mark.parametrize(
    ("statistic", "sizes", "options", "words"),
    [
        (lambda r: np.zeros(1), (3, 3), {}, "one number per row"),
        (lambda r: np.full(len(r), np.nan), (3, 3), {}, "NaN"),
        (lambda r: r[:, 0], (1, 3), {}, "at least 2 units"),
        (lambda r: r[:, 0], (2, 3), {"paired": True}, "match one to one"),
        (lambda r: r[:, 0], (3, 3), {"content": np.zeros(5)}, "5 rows of content for 6 units"),
        (lambda r: r[:, 0], (3, 3), {"resamples": 0}, "resamples"),
        (lambda r: r[:, 0], (3, 3), {"alpha": 1.0}, "alpha"),
    ],
)
def test_what_cannot_be_tested_is_refused_in_words(statistic, sizes, options, words):
    with pytest.raises(StatsError, match=words):
        exchange_test(statistic, sizes, alternative="less", seed=0, **options)


def test_whole_numbers_sum_up_exactly_in_any_order_and_stay_as_near_as_float64_sums_would():
    rng = np.random.default_rng(1)
    values = rng.normal(size=(40, 30)) * 10.0 ** rng.integers(-3, 4, 30)
    for per_column in (True, False):
        whole = whole_numbers(values, 40, per_column=per_column)
        assert np.array_equal(whole, np.rint(whole))
        assert np.abs(whole).sum(axis=0).max() <= 2.0**53
        shuffled = whole[rng.permutation(40)].sum(axis=0)
        assert np.array_equal(shuffled, whole.sum(axis=0))
        top = np.abs(values).max(axis=0) if per_column else np.abs(values).max()
        ratio = np.abs(values).max(axis=0 if per_column else None) / np.abs(whole).max(
            axis=0 if per_column else None
        )
        assert (np.abs(whole * ratio - values) <= top * 2.0**-44).all()


@quick
@given(
    st.lists(
        st.lists(st.sampled_from([-1.0, -0.0, 0.0, 2.5]), min_size=2, max_size=2), min_size=1, max_size=8
    ),
    st.randoms(),
)
def test_the_order_by_content_forgets_the_order_it_was_given(rows, random):
    values = np.array(rows)
    shuffled = values[random.sample(range(len(rows)), len(rows))]
    assert np.array_equal(values[content_order(values)], shuffled[content_order(shuffled)])


def test_the_order_by_content_is_that_of_numbers_compared_one_after_the_other():
    rng = np.random.default_rng(0)
    values = rng.choice([-1e300, -2.0, -5e-324, 0.0, 5e-324, 1.0, 1.5, np.pi], size=(60, 3))
    expected = sorted(values.tolist())
    assert values[content_order(values)].tolist() == expected
    assert content_order(np.arange(3.0)[::-1]).tolist() == [2, 1, 0]
