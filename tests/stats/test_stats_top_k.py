from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from stats_data import quick

from neuronclaims.stats import (
    StatsError,
    distinct_test,
    noise_ceiling,
    occurrences,
    overlap,
    overlap_estimate,
    overlap_specificity_test,
    share_difference_test,
    top_k_members,
)
from neuronclaims.stats.effects.top_k import contending, highest, profiles

small = st.lists(st.lists(st.integers(-3, 3), min_size=6, max_size=6), min_size=1, max_size=5)


def slow_top(profile, k):
    """Those that every way of breaking ties puts among the k highest."""
    tops = []
    for jitter in itertools.permutations(range(len(profile))):
        order = sorted(range(len(profile)), key=lambda i: (profile[i], jitter[i]), reverse=True)
        tops.append(set(order[:k]))
    return set.intersection(*tops)


def top(profile, k):
    return {i for i, x in enumerate(profile) if sum(y >= x for y in profile) <= k}


@quick
@given(small, st.integers(1, 5))
def test_members_are_those_whom_every_way_of_breaking_ties_puts_among_the_top(rows, k):
    members = top_k_members(rows, k)
    for row, inside in zip(rows, members, strict=True):
        assert set(np.flatnonzero(inside)) == top(row, k)
    assert set(np.flatnonzero(members[0])) == slow_top(rows[0], k)
    assert (members.sum(axis=1) <= k).all()
    assert np.array_equal(occurrences(rows, k), members.sum(axis=0))
    assert np.array_equal(top_k_members(np.array(rows)[:, ::-1], k), members[:, ::-1])


def test_without_ties_members_are_the_k_highest():
    scores = np.random.default_rng(0).permutation(400).reshape(8, 50).astype(float)
    order = np.argsort(-scores, axis=1)[:, :10]
    expected = np.zeros((8, 50), dtype=bool)
    np.put_along_axis(expected, order, True, axis=1)
    assert np.array_equal(top_k_members(scores, 10), expected)


def test_overlap_by_hand():
    first = np.array([9.0, 8.0, 7.0, 6.0, 0.0, 0.0, 0.0])
    second = np.array([8.0, 9.0, 0.0, 0.0, 7.0, 6.0, 0.0])
    found = overlap(first, second, 4)
    assert (found.shared, found.jaccard) == (2, 2 / 6)
    # Agreement at depths 1 to 4: 0/1, 2/2, 2/3, 2/4.
    expected = 0.1 * (0 + 0.9 * 1 + 0.81 * 2 / 3 + 0.729 * 0.5) + 0.9**4 * 0.5
    assert found.rank_biased == pytest.approx(expected, rel=1e-12)
    assert overlap(first, first, 4) == overlap(second, second, 4)
    assert overlap(first, first, 4).rank_biased == pytest.approx(1.0, rel=1e-12)
    assert overlap(np.zeros(7), np.zeros(7), 4).jaccard is None


@quick
@given(small, st.integers(1, 5))
def test_overlap_is_symmetric_stays_in_its_range_and_is_complete_with_itself(rows, k):
    first, second = rows[0], rows[-1]
    found = overlap(first, second, k)
    assert found == overlap(second, first, k)
    assert 0 <= found.shared <= k
    assert 0 <= found.rank_biased <= 1 + 1e-12
    assert overlap(first, first, k).rank_biased == pytest.approx(1.0)


@quick
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.sampled_from([(3, 4), (5, 2), None]))
def test_leaving_out_neurons_that_cannot_be_on_top_changes_no_top(seed, k, sizes):
    rng = np.random.default_rng(seed)
    values = rng.integers(-2, 3, (7, 12)) + rng.integers(0, 9, 12) * 1.0
    few, kept = contending(values, sizes, k)
    for _ in range(20):
        weights = (
            np.bincount(rng.integers(0, 7, 7), minlength=7)
            if sizes is None
            else rng.permutation(np.arange(7) < sizes[rng.integers(2)])
        )
        expected = np.flatnonzero(highest((weights @ values)[None], k)[0])
        assert np.array_equal(kept[highest((weights @ few)[None], k)[0]], expected)


@pytest.mark.parametrize(
    ("hits1", "n1", "hits2", "n2"), [(5, 7, 2, 8), (6, 6, 1, 6), (9, 9, 0, 4), (30, 40, 18, 45), (3, 5, 3, 5)]
)
def test_share_difference_test_is_fishers_exact_test(hits1, n1, hits2, n2):
    table = [[hits1, n1 - hits1], [hits2, n2 - hits2]]
    for alternative in ("greater", "less"):
        found = share_difference_test(
            np.arange(n1) < hits1, np.arange(n2) < hits2, alternative=alternative, seed=0
        )
        assert found.p_value == pytest.approx(
            stats.fisher_exact(table, alternative=alternative).pvalue, rel=1e-9
        )
        assert found.statistic == pytest.approx(hits1 / n1 - hits2 / n2)
        assert found.exact
        assert "shares" in found.method


def test_paired_share_difference_test_is_mcnemars_exact_test():
    first = np.array([1, 1, 1, 1, 1, 1, 0, 0, 1, 0, 1])
    second = np.array([0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0])
    found = share_difference_test(first, second, paired=True, alternative="greater", seed=0)
    assert found.p_value == pytest.approx(stats.binomtest(7, 8, 0.5, alternative="greater").pvalue, rel=1e-9)


def ties_and_all(rng, n, m):
    return rng.integers(0, 4, (n, m)) / 8 + np.where(np.arange(m) < 3, 5.0, 0.0)


@pytest.mark.parametrize("by", ["mean", "occurrence"])
@pytest.mark.parametrize(("n1", "n2"), [(4, 4), (3, 5), (5, 3)])
def test_overlap_tests_give_the_p_of_listing_every_relabelling(by, n1, n2):
    rng, k = np.random.default_rng([n1, n2]), 4
    fixed, first, second = (ties_and_all(rng, n, 9) for n in (5, n1, n2))
    first[:, 5:7] += 0.25
    fixed[:, 5:7] += 0.25
    pooled = np.concatenate([first, second])
    hits = np.array([[i in top(row, k) for i in range(9)] for row in pooled])
    own = np.array([[i in top(row, k) for i in range(9)] for row in fixed])

    def tops(rows):
        sums = (hits if by == "occurrence" else pooled)[list(rows)].sum(axis=0)
        return top(sums.tolist(), k)

    still = top((own if by == "occurrence" else fixed).sum(axis=0).tolist(), k)
    specific, shared = [], []
    for chosen in itertools.combinations(range(n1 + n2), n1):
        inside, rest = tops(chosen), tops(set(range(n1 + n2)) - set(chosen))
        specific.append(len(still & inside) - len(still & rest))
        shared.append(len(inside & rest))
    found = overlap_specificity_test(fixed, first, second, k, by=by, alternative="greater", seed=0)
    assert found.statistic == specific[0]
    assert found.p_greater == np.mean(np.array(specific) >= specific[0])
    assert found.p_less == np.mean(np.array(specific) <= specific[0])
    distinct = distinct_test(first, second, k, by=by, seed=0)
    assert distinct.statistic == shared[0]
    assert distinct.p_value == np.mean(np.array(shared) <= shared[0])


def test_drawn_overlap_tests_depend_on_prompts_and_not_on_their_order_or_that_of_neurons():
    rng = np.random.default_rng(2)
    fixed, first, second = (rng.normal(size=(6, 200)).astype(np.float32) for _ in range(3))
    first[:, :10] += 1.5
    fixed[:, :10] += 1.5
    options = {"alternative": "greater", "seed": 1, "exact_limit": 0, "resamples": 199, "max_resamples": 199}
    plain = overlap_specificity_test(fixed, first, second, 10, **options)
    turned = overlap_specificity_test(fixed[::-1], first[::-1], np.roll(second, 2, axis=0), 10, **options)
    assert turned == plain
    assert plain.p_value < 0.05
    assert plain.p_value >= 1 / 200


def test_neurons_that_are_always_high_make_no_concept_specific():
    """Chance subsets of neurons would call this overlap overwhelming (hypergeometric p below 1e-9)."""
    rng = np.random.default_rng(5)
    always = np.where(np.arange(300) < 8, 20.0, 0.0)
    fixed, first, second = (rng.normal(size=(6, 300)) + always for _ in range(3))
    shared = overlap(fixed.mean(axis=0), first.mean(axis=0), 10).shared
    assert shared >= 8
    assert stats.hypergeom.sf(shared - 1, 300, 10, 10) < 1e-9
    found = overlap_specificity_test(fixed, first, second, 10, alternative="greater", seed=0)
    assert found.exact
    assert found.p_value > 0.1


def test_sums_of_profiles_are_exact_so_ties_between_neurons_stay_ties():
    scores = np.array([[0.1, 0.3, 0.2, 9.0], [0.2, 0.2, 0.3, 9.0], [0.3, 0.1, 0.1, 9.0]])
    assert scores.sum(axis=0)[0] != scores.sum(axis=0)[1]  # float64 sums in this order lose the tie
    sums = profiles(scores, 2, "mean").sum(axis=0)
    assert sums[0] == sums[1] == sums[2]
    assert highest(sums[None], 2).tolist() == [[False, False, False, True]]


def test_overlap_estimate_is_the_overlap_within_an_interval_from_0_to_k():
    rng = np.random.default_rng(3)
    for shift in (0.0, 1.0, 30.0):
        first = rng.normal(size=(8, 60)) + shift * (np.arange(60) < 6)
        second = rng.normal(size=(9, 60)) + shift * (np.arange(60) >= 3) * (np.arange(60) < 9)
        found = overlap_estimate(first, second, 6, seed=0)
        assert found.value == overlap(first.mean(axis=0), second.mean(axis=0), 6).shared
        assert 0 <= found.low <= found.value <= found.high <= 6
        assert found == overlap_estimate(first[::-1], second[::-1], 6, seed=0)
        assert shift or found.high == 6  # in mere noise nothing is known of the true overlap
    assert (found.low, found.value, found.high) == (3, 3, 3)  # separated far beyond the noise


def test_overlap_interval_holds_the_true_overlap_where_the_bootstrap_alone_is_far_too_low():
    rng, held, low_alone, runs = np.random.default_rng(4), 0, 0, 60
    for seed in range(runs):
        profile = rng.standard_t(4, 200)
        sets = [profile + rng.normal(size=(10, 200)) for _ in range(2)]  # the true overlap is 10 of 10
        found = overlap_estimate(*sets, 10, seed=seed, resamples=199)
        held += found.low <= 10 <= found.high
        low_alone += found.value < 10
    assert held >= stats.binom.ppf(0.0005, runs, 0.95)
    assert low_alone > runs / 2


def test_the_upper_limit_counts_neurons_that_simultaneous_t_bands_allow_in_both_tops():
    rng = np.random.default_rng(9)
    level = np.arange(30) / 2.0
    sets = [
        rng.normal(size=(n, 30)) + level[order] for n, order in ((12, range(30)), (15, rng.permutation(30)))
    ]
    allowed = []
    for scores in sets:
        reach = stats.t.ppf(1 - 0.05 / (8 * 30), len(scores) - 1) * stats.sem(scores)
        low, high = scores.mean(axis=0) - reach, scores.mean(axis=0) + reach
        allowed.append(high >= np.sort(low)[-4])
    found = overlap_estimate(*sets, 4, seed=0)
    assert found.high == (allowed[0] & allowed[1]).sum() < 4


@pytest.mark.parametrize("n", [6, 7])
def test_noise_ceiling_is_the_mean_overlap_over_all_halves_when_they_are_few(n):
    scores = np.random.default_rng(n).normal(size=(n, 15)) + np.arange(15) / 8
    found = []
    for chosen in itertools.combinations(range(n), n // 2):
        rest = sorted(set(range(n)) - set(chosen))
        found.append(overlap(scores[list(chosen)].mean(axis=0), scores[rest].mean(axis=0), 4).shared)
    assert noise_ceiling(scores, 4, seed=0) == pytest.approx(np.mean(found), rel=1e-12)
    drawn = noise_ceiling(scores, 4, seed=0, splits=15)
    assert drawn == noise_ceiling(scores[::-1], 4, seed=0, splits=15)
    assert abs(drawn - np.mean(found)) < 5 * np.std(found) / np.sqrt(15)


def test_of_110592_neurons_only_contenders_are_summed():
    rng = np.random.default_rng(0)
    level = rng.standard_t(3, 9216 * 12) * 3
    fixed, first, second = ((level + rng.normal(size=(5, level.size))).astype(np.float32) for _ in range(3))
    assert contending(np.concatenate([first, second]).astype(float), (5, 5), 10)[1].size < 2000
    found = overlap_specificity_test(fixed, first, second, 10, alternative="greater", seed=0)
    assert found.arrangements == 252
    assert 0 < found.p_value <= 1


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a: top_k_members(a, 0), "k must be from 1 to 4"),
        (lambda a: occurrences(a, 5), "k must be from 1 to 4"),
        (lambda a: overlap(a[0], a[0][:3], 2), "5 and 3 neurons"),
        (lambda a: overlap_estimate(a, a[:, :3], 2, seed=0), "5 and 3 neurons"),
        (lambda a: overlap_estimate(a[:1], a, 2, seed=0), "at least 2 prompts"),
        (lambda a: noise_ceiling(a * np.nan, 2, seed=0), "NaN"),
        (lambda a: distinct_test(a, a[:1], 2, seed=0), "at least 2 prompts"),
        (
            lambda a: overlap_specificity_test(a, a, a, 2, by="median", alternative="less", seed=0),
            "by must be",
        ),
        (lambda a: overlap_specificity_test(a[:, :4], a, a, 2, alternative="less", seed=0), "4 neurons"),
        (lambda a: share_difference_test([0, 2], [0, 1], alternative="less", seed=0), "true or false"),
    ],
)
def test_what_cannot_be_ranked_is_refused_in_words(call, words):
    with pytest.raises(StatsError, match=words):
        call(np.random.default_rng(0).normal(size=(4, 5)))
