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
    noise_ceiling,
    overlap,
    overlap_estimate,
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


def ties_and_all(rng, n, m):
    return rng.integers(0, 4, (n, m)) / 8 + np.where(np.arange(m) < 3, 5.0, 0.0)


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


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda a: top_k_members(a, 0), "k must be from 1 to 4"),
        (lambda a: overlap(a[0], a[0][:3], 2), "5 and 3 neurons"),
        (lambda a: overlap_estimate(a, a[:, :3], 2, seed=0), "5 and 3 neurons"),
        (lambda a: overlap_estimate(a[:1], a, 2, seed=0), "at least 2 prompts"),
        (lambda a: noise_ceiling(a * np.nan, 2, seed=0), "NaN"),
    ],
)
def test_what_cannot_be_ranked_is_refused_in_words(call, words):
    with pytest.raises(StatsError, match=words):
        call(np.random.default_rng(0).normal(size=(4, 5)))
