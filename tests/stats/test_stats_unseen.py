"""No p of a mean is below the chance that its prompts missed one in five, 0.8^prompts (docs/adr/0045)."""

from __future__ import annotations

import numpy as np
import pytest
from cases import for_each
from scipy import stats as scipy_stats
from skewed import mean_p
from skewed_sets import difference_p

from neuronclaims import stats
from neuronclaims.stats import PlannedClaim
from neuronclaims.stats.power.chances import chances
from neuronclaims.stats.rule import interval_p

CLEAR = 10 + scipy_stats.norm.ppf((np.arange(100) + 0.5) / 100)[np.random.default_rng(3).permutation(100)]
"""Values of a normal law whose mean is far above all numbers named here."""


def at(estimate, number=None, side="greater"):
    return interval_p(estimate, side, 0.0, number)


@for_each("n", [2, 8, 13, 14, 27, 61, 100])
def test_a_mean_of_one_set_has_the_larger_p_of_its_interval_and_of_missing_one_prompt_in_five(n):
    values, least = CLEAR[:n], 0.8**n if n < 62 else 0.0  # below a millionth nothing is said of it
    found = stats.paired_mean_difference_estimate(values, np.zeros(n))
    for number in (None, 9.5, 11.0, 30.0):
        assert at(found, number) == pytest.approx(max(least, mean_p(values, number or 0.0)), rel=1e-6)
    assert at(found, 30.0, "not greater") == pytest.approx(max(least, mean_p(values, 30.0)), rel=1e-6)
    share = stats.ratio_of_means_estimate(values, 2 * CLEAR[::-1][:n])
    if share.low is not None:
        assert at(share, 0.1) == pytest.approx(max(least, mean_p(values - 0.2 * CLEAR[::-1][:n])), rel=1e-6)
    assert (at(found) <= 0.05) == (n >= 14)


@for_each("n1, n2", [(8, 8), (13, 40), (14, 14), (40, 14), (70, 70)])
def test_a_difference_of_two_sets_has_that_p_only_where_a_number_or_margin_is_named(n1, n2):
    a, b = CLEAR[:n1], CLEAR[::-1][:n2] - 9
    found, least = stats.mean_difference_estimate(a, b), 0.8 ** min(n1, n2) if min(n1, n2) < 62 else 0.0
    assert at(found) == at(found, 0.0) == pytest.approx(difference_p(a, b), rel=1e-6)
    assert at(found) < 0.05
    for number, side in ((5.0, "greater"), (30.0, "not greater"), (30.0, "within"), (8.9, "greater")):
        marks = (number, -number) if side == "within" else (number,)
        assert at(found, number, side) == pytest.approx(
            max(least, *(difference_p(a, b, m) for m in marks)), rel=1e-6
        )
    assert stats.auroc_estimate(a, b).caution is stats.hedges_g_estimate(a, b).caution is None


def test_groups_count_the_prompts_that_they_are_averages_of():
    eight = stats.paired_mean_difference_estimate(CLEAR[:8], np.zeros(8))
    for prompts in (8, 13, 14, 40):
        least = max(0.8**prompts, mean_p(CLEAR[:8]))
        assert at(eight.of_prompts(prompts)) == pytest.approx(least, rel=1e-6)
    assert eight.of_prompts(70).caution is None
    sets = stats.mean_difference_estimate(CLEAR[:8], CLEAR[8:16] - 9).of_prompts(16)
    assert (at(sets), at(sets, 5.0)) == (
        pytest.approx(difference_p(CLEAR[:8], CLEAR[8:16] - 9)),
        pytest.approx(0.8**16),
    )
    tail = np.exp(CLEAR - 10)
    skewed = stats.mean_difference_estimate(20 + 3 * tail[:8], tail[8:16])
    assert skewed.caution.key == "skewed_sets"
    assert (at(skewed, 0.1), at(skewed.of_prompts(12), 0.1)) == (
        pytest.approx(0.8**8),
        pytest.approx(0.8**12),
    )
    spiked = stats.paired_mean_difference_estimate(np.arange(30) >= 27, np.zeros(30))
    assert spiked.of_prompts(300) == spiked  # of what most are alike, few values count whatever they average


@for_each("n", [8, 13, 14])
def test_values_without_any_spread_can_be_as_far_from_what_was_missed(n):
    ones, none = np.ones(n), np.zeros(n)
    resampling = stats.Resampling(seed=0)
    test = stats.two_sample_test(
        ones,
        none,
        exchange=stats.Exchange(paired=True),
        statistic="mean",
        alternative="two-sided",
        resampling=resampling,
    )
    assert test.p_value == 2 / 2**n
    found = stats.paired_mean_difference_estimate(ones, none)
    assert stats.at_boundary(test, found, "greater", 0.0, None).p_value == pytest.approx(0.8**n)
    share = stats.ratio_of_means_estimate(3 * CLEAR[:n], CLEAR[:n])
    assert share.low is None
    assert stats.at_boundary(test, share, "greater", 1.0, None).p_value == pytest.approx(0.8**n)


@for_each("n", [8, 12, 20])
def test_one_prompt_in_five_that_pulls_the_other_way_is_held_where_students_t_is_not(n):
    """Four prompts in five are at about -1, one is about 4, log-normal: the mean is exactly the number claimed."""
    rng, draws = np.random.default_rng(n), 1000
    pulled = 5 * rng.lognormal(-0.5, size=(draws, n)) * (rng.random((draws, n)) < 0.2)
    values, other = pulled - 1 + 0.1 * rng.normal(size=(draws, n)), 0.1 * rng.normal(size=(draws, n))
    band = scipy_stats.binom.isf(1e-3, draws, 0.05)
    assert np.mean(scipy_stats.ttest_1samp(values, 0.0, axis=1).pvalue <= 0.05) > 0.2
    one_set = [stats.paired_mean_difference_estimate(row, 0 * row) for row in values]
    assert sum(at(found) <= 0.05 for found in one_set) <= band
    if n < 14:
        two_sets = stats.mean_difference_estimates((7 + values).T, other.T)
        assert sum(found.p_against(7.0) <= 0.05 for found in two_sets) > band
        assert sum(at(found, 7.0) <= 0.05 for found in two_sets) <= band


PLANNED = {
    "pairs": PlannedClaim("mean", 2.0, "greater", paired=True),
    "pairs beyond a number": PlannedClaim("mean", 2.0, "greater", paired=True, numbered=True),
    "two sets beyond a number": PlannedClaim("mean", 2.0, "greater", paired=False, numbered=True),
    "beyond a number of known size": PlannedClaim("mean", 3.0, "greater", paired=False, threshold=1.0),
    "no more than a margin": PlannedClaim("mean", 0.0, "greater", paired=False, margin=2.0),
    "a searched pair": PlannedClaim("mean", 2.0, "greater", paired=True, searched=100),
}


@for_each("name", list(PLANNED))
@for_each("n", [8, 13, 14, 30])
def test_plans_know_it_for_and_against_a_claim(name, n):
    claim = PLANNED[name]
    assert stats.smallest_p(claim, n, n) == pytest.approx(0.8**n)
    assert stats.smallest_p_against(claim, n, n) == pytest.approx(0.8**n)
    found = chances(claim, n, n)
    assert (found.supported > 0) == (found.refuted > 0) == (n >= 14)


@for_each(
    "claim",
    [PlannedClaim("mean", 2.0, "greater", paired=False), PlannedClaim("auroc", 0.9, "greater", paired=True)],
)
def test_plans_of_other_claims_do_not(claim):
    assert stats.smallest_p(claim, 8, 8) < 0.8**8 / 4
    assert chances(claim, 8, 8).supported > 0.5
