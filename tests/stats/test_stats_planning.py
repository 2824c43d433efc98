"""Planning from stated effects, and reach: against the rule itself on enumerated and on simulated data."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, product

import flat
import numpy as np
import pytest
from cases import for_each
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from stats_data import quick
from statsmodels.stats.power import TTestIndPower, TTestPower
from thorough import draws

from neuronclaims import stats
from neuronclaims.kinds.outliers.token_share import mean_share, mean_share_test
from neuronclaims.stats import Level, PlannedClaim, Planning
from neuronclaims.stats.power.planning import POWER, stated_effects
from neuronclaims.stats.power.reach import reachable

MORE = PlannedClaim("mean", 0.0, "greater", paired=False)
SEPARATES = PlannedClaim("auroc", 0.5, "two-sided", paired=False)
SIXTY = PlannedClaim("share", 0.6, "greater", paired=True, threshold=0.6)
MANY_SHARES = PlannedClaim("mean share", 0.6, "greater", paired=True, threshold=0.6)
DOCUMENTS = PlannedClaim("mean auroc", 0.0, "greater", paired=True)
SHARE = stats.EffectSize("share", "share", scale="share")
FEWEST = 14
"""0.8^13 = .055, 0.8^14 = .044: the chance that one prompt in five was missed."""


def two_sets(claim, a, b):
    """Return the two-sided p against the boundary and the estimate, as a claim about two sets is judged."""
    scale = "auroc" if claim.statistic == "auroc" else "sd" if claim.standardised else "difference"
    estimate = {
        ("difference", False): stats.mean_difference_estimate,
        ("difference", True): stats.paired_mean_difference_estimate,
        ("sd", False): stats.hedges_g_estimate,
        ("auroc", False): stats.auroc_estimate,
    }[scale, claim.paired](a, b)
    if scale == "sd":
        estimate = stats.of_any_shape(estimate, a, b)
    said = (claim.side, 0.5 if scale == "auroc" else 0.0, claim.threshold)
    if claim.threshold is not None:
        return stats.interval_test(estimate, *said).p_value, estimate
    test = flat.two_sample_test(
        a, b, paired=claim.paired, statistic=claim.statistic, alternative="two-sided", seed=0, resamples=999
    )
    return stats.at_boundary(test, estimate, *said).p_value, estimate


def share_of(claim, values):
    """Return the same of one set's values between 0 and 1."""
    estimate = mean_share(values, SHARE)
    if claim.statistic == "share":
        count, n = int(values.sum()), len(values)
        estimate = stats.share_estimate(count, n)
        test = stats.share_test(count, n, null=claim.threshold, alternative="two-sided")
    else:
        test = mean_share_test(values, null=claim.threshold, alike=claim.alike, unit="prompt")
    return stats.at_boundary(test, estimate, "greater", claim.threshold, None).p_value, estimate


def compared(claim, first, second):
    """Return the larger p of a share against its number, and against the share of a second set."""
    own, estimate = share_of(claim, first)
    beside = flat.two_sample_test(
        first, second, paired=claim.paired, statistic="auroc", alternative="greater", seed=0
    )
    return max(own, min(1.0, 2 * beside.p_value)), estimate


def aurocs(claim, values):
    """Return the same of one AUROC per document."""
    number = claim.threshold or 0.5
    found = stats.WithinUnits("AUROC", values - 0.5, tuple(map(str, range(len(values)))), 0, 0.5, 0.0, 1.0)
    shifted = replace(found, effects=values - number, chance=number)
    test = flat.association_test(shifted, alternative="two-sided", seed=0)
    estimate = stats.association_estimate(found)
    return stats.at_boundary(test, estimate, "greater", 0.5, claim.threshold).p_value, estimate


@pytest.mark.parametrize(
    ("d", "alone", "pairs", "claims"), [(0.5, 64, 34, 109), (0.8, 26, 15, 44), (1.2, 12, 8, 21)]
)
def test_the_table_of_means_is_that_of_the_two_sided_t_test(d, alone, pairs, claims):
    asked = (
        TTestIndPower().solve_power(d, alpha=0.05, power=0.8),
        TTestPower().solve_power(d, alpha=0.05, power=0.8),
    )
    assert (alone, pairs) == tuple(int(np.ceil(n)) for n in asked)
    place = (0.5, 0.8, 1.2).index(d)
    few = Planning(MORE, (5, 5), "prompt").table().effects[place]
    assert (few.effect, few.enough) == (f"{d:g} sd", (alone, alone))
    assert few.shown == pytest.approx(TTestIndPower().power(d, 5, 0.025, alternative="larger"))
    in_pairs = Planning(replace(MORE, paired=True), (6, 6), "pair").table().effects[place]
    assert in_pairs.enough == (max(pairs, FEWEST),)
    ten = Planning(MORE, (5, 5), "prompt").table(Level(family=10)).effects[place]
    assert ten.enough == (claims, claims)
    searched = Planning(replace(MORE, searched=10), (5, 5), "prompt").table().effects[place]
    assert searched.enough == (claims, claims)


def test_sizes_are_named_only_for_what_the_present_ones_do_not_show():
    found = Planning(MORE, (40, 40), "prompt").table()
    assert [each.shown >= POWER for each in found.effects] == [False, True, True]
    assert [each.enough for each in found.effects] == [(64, 64), (40, 40), (40, 40)]
    assert "8 times in 10 takes 64 prompts per set for 0.5 sd." in found.said
    unequal = Planning(MORE, (5, 10), "group").table()
    assert [each.enough[1] for each in unequal.effects] == [2 * each.enough[0] for each in unequal.effects]
    assert "With 5 and 10 groups, a true 0.5 sd" in unequal.said
    assert "times in 10 takes" not in Planning(MORE, (500, 500), "prompt").table().said


def judged(claim, values_of, rule, sets):
    """Return the share of simulated data sets that support a claim, by the rule."""
    rng, found = np.random.default_rng(17), 0
    for _ in range(sets):
        p, estimate = rule(claim, *values_of(rng))
        beyond = (0.5 if claim.statistic == "auroc" else 0.0) if claim.threshold is None else claim.threshold
        found += p <= 0.05 and (estimate.value > beyond or claim.side == "two-sided")
    return found / sets


SIMULATED = {
    "by at least 1 sd": (replace(MORE, threshold=1.0, standardised=True), (30, 30)),
    "separates": (SEPARATES, (24, 24)),
    "with AUROC at least 0.8": (replace(SEPARATES, threshold=0.8), (40, 40)),
    "AUROCs in documents": (DOCUMENTS, (14, 14)),
    "shares of tokens": (MANY_SHARES, (12, 12)),
}


@pytest.mark.parametrize("name", SIMULATED)
def test_what_is_shown_is_what_the_rule_shows_of_simulated_prompts(name):
    claim, counts = SIMULATED[name]
    table = Planning(claim, counts, "prompt").table()
    _, stated = stated_effects(claim)[1]  # the middle one
    n, effect = counts[0], stated.effect

    def values_of(rng):
        if claim.statistic == "mean share":
            return (rng.beta(9 * effect, 9 * (1 - effect), n),)  # a tenth of the largest variance
        if claim.statistic == "mean auroc":
            return (0.5 + 0.1 * rng.normal(effect, 1, n),)
        shift = effect if claim.statistic == "mean" else np.sqrt(2) * scipy_stats.norm.ppf(effect)
        return rng.normal(shift, 1, n), rng.normal(0, 1, n)

    rule = {"mean share": share_of, "mean auroc": aurocs}.get(claim.statistic, two_sets)
    sets = draws(100, 300)
    most = 1.75 / np.sqrt(sets)  # 3.5 standard errors of a share
    assert judged(claim, values_of, rule, sets) == pytest.approx(table.effects[1].shown, abs=most)


@for_each("paired", [False, True])
@for_each("n, number", [(7, 0.6), (8, 0.6), (9, 0.3), (6, 0.5)])
def test_a_share_beside_a_baseline_is_planned_by_the_exact_sum_over_all_counts(paired, n, number):
    claim = replace(SIXTY, threshold=number, compared=True, paired=paired)
    shown = Planning(claim, (n, n), "prompt").table().effects[1].shown
    true = stated_effects(claim)[1][1].effect
    passes = [
        compared(claim, np.arange(n) < count, np.zeros(n))[0] <= 0.05 and count / n > number
        for count in range(n + 1)
    ]
    assert shown == pytest.approx(scipy_stats.binom.pmf(np.arange(n + 1), n, true)[passes].sum(), abs=1e-12)


def ranked(n1, n2):
    """Yield all ways in which the values of two sets can lie, without ties."""
    for places in combinations(range(n1 + n2), n1):
        inside = np.isin(np.arange(n1 + n2), places)
        yield np.flatnonzero(inside).astype(float), np.flatnonzero(~inside).astype(float)


@for_each("sizes", [(3, 3), (4, 4), (3, 6)])
@for_each("number", [None, 0.7, 0.95])
def test_no_ranking_has_a_smaller_p_than_the_clearest_for_or_against_an_auroc(sizes, number):
    claim = replace(SEPARATES, threshold=number)
    found = [two_sets(claim, a, b) for a, b in ranked(*sizes)]
    upper = 0.5 if number is None else number
    fits = [p for p, estimate in found if abs(estimate.value - 0.5) > upper - 0.5]
    assert min(fits) >= stats.smallest_p(claim, *sizes) - 1e-9
    assert max(fits[0], fits[-1]) == pytest.approx(stats.smallest_p(claim, *sizes), rel=1e-6)
    against = [p for p, estimate in found if abs(estimate.value - 0.5) < upper - 0.5]
    assert min(against, default=1.0) >= stats.smallest_p_against(claim, *sizes) - 1e-9


@for_each("n", draws([5, 8], [5, 7, 8, 12]))
@for_each("number", [0.05, 0.6, 0.95])
def test_no_count_has_a_smaller_p_than_all_or_none(n, number):
    claim, counts = replace(SIXTY, threshold=number), range(n + 1)
    p = [share_of(claim, np.arange(n) < count)[0] for count in counts]
    assert p[-1] == pytest.approx(stats.smallest_p(claim, n, n))
    assert p[0] == pytest.approx(stats.smallest_p_against(claim, n, n))
    assert min(p) >= min(p[0], p[-1])
    both = replace(claim, compared=True, paired=False)
    least = min(
        compared(both, np.arange(n) < one, np.arange(n) < other)[0]
        for one, other in product(counts, counts)
        if one / n > number
    )
    assert least == pytest.approx(stats.smallest_p(both, n, n))


@quick
@given(st.integers(2, 14), st.sampled_from([0.5, 0.8, 0.95]), st.integers(0, 99), st.sampled_from([0.0, 1.0]))
def test_no_values_up_to_1_have_a_smaller_p_than_the_clearest(n, number, seed, noise):
    rng = np.random.default_rng(seed)
    values = np.clip(1 - noise * 10 ** rng.uniform(-6, 0, n), 0, 1)
    claim = replace(DOCUMENTS, threshold=number)
    p, estimate = aurocs(claim, values)
    if estimate.value > number:
        assert p >= stats.smallest_p(claim, n, n) * (1 - 1e-6)
    for alike in (False, True):
        claim = replace(MANY_SHARES, threshold=number, alike=alike)
        p, estimate = share_of(claim, values)
        if estimate.value > number:
            assert p >= stats.smallest_p(claim, n, n) * (1 - 1e-6)


@pytest.mark.parametrize(
    ("claim", "counts", "family", "enough"),
    [
        (SIXTY, (7, 7), 1, "8 prompts"),  # 2 x 0.6^7 = .056, 2 x 0.6^8 = .034
        (replace(SIXTY, compared=True, paired=False), (7, 7), 1, "8 prompts per set"),
        (SIXTY, (8, 8), 1, None),
        (MORE, (3, 3), 1, "4 prompts per set"),  # 2 / 20, 2 / 70
        (MORE, (3, 6), 6, "4 and 8 prompts"),  # 2 / 84, 2 / 495
        (replace(MORE, paired=True), (5, 5), 1, "14 prompts"),  # 0.8^13 = .055, 0.8^14 = .044
        (replace(MORE, paired=True), (5, 5), 20, "27 prompts"),  # 0.8^26 = .0030, 0.8^27 = .0024
        (
            replace(MORE, paired=True, searched=1000),
            (5, 5),
            1,
            "14 prompts",
        ),  # missed for all neurons at once
        (replace(MORE, paired=True, each=10.0), (5, 5), 1, "6 prompts"),  # groups of ten: 2 / 32, 2 / 64
        (replace(MORE, paired=True, each=10.0), (5, 5), 20, "10 prompts"),  # 2 / 512 > .0025 > 2 / 1024
        (replace(MORE, numbered=True), (4, 8), 1, "14 and 28 prompts"),  # of the smaller set
        (replace(MORE, numbered=True, each=2.0), (4, 8), 1, "7 and 14 prompts"),
        (replace(MORE, margin=1.0), (4, 4), 1, "14 prompts per set"),
        (
            replace(MORE, threshold=1.0, standardised=True),
            (3, 3),
            20,
            "19 prompts per set",
        ),  # .9 + .08 x 22 > 2.6
        (replace(SIXTY, side="less", threshold=0.2), (10, 10), 1, "17 prompts"),  # 2 x 0.8^16 = .056
    ],
)
def test_how_many_would_be_enough_is_the_first_number_whose_clearest_data_pass(claim, counts, family, enough):
    assert Planning(claim, counts, "prompt").in_reach(Level(family=family)) == enough


@quick
@given(
    st.sampled_from(
        [
            *(MORE, SEPARATES, replace(SEPARATES, threshold=0.95), replace(SEPARATES, margin=0.1)),
            *(SIXTY, replace(SIXTY, compared=True, paired=False), MANY_SHARES),
            *(DOCUMENTS, replace(DOCUMENTS, threshold=0.9)),
        ]
    ),
    st.integers(2, 12),
    st.integers(2, 12),
    st.sampled_from([1, 7, 100]),
)
def test_never_fewer_than_there_are_and_one_fewer_is_not_enough(claim, n1, n2, family):
    counts = (n1, n1) if claim.paired else (n1, n2)
    claim = replace(claim, level=Level(family=family))
    if reachable(claim, *counts):
        assert Planning(claim, counts, "prompt").in_reach(claim.level) is None
    else:
        found = stats.sizes_in_reach(claim, counts)
        assert found >= counts
        assert reachable(claim, *found)
        smaller = min(found) - 1
        assert not reachable(claim, *(stats.power.sizes.scaled(counts, claim.paired, smaller)))
    for each in Planning(claim, counts, "prompt").table(claim.level).effects:
        assert each.enough is None or each.enough >= counts[: len(each.enough)]
        assert 0 <= each.shown <= 1


def test_effects_are_stated_from_the_boundary_on():
    def words(claim):
        return [each for each, _ in stated_effects(claim)]

    assert words(replace(MORE, threshold=1.0, standardised=True)) == ["1.5 sd", "1.8 sd", "2.2 sd"]
    assert words(replace(SEPARATES, threshold=0.8)) == ["AUROC 0.85", "AUROC 0.9", "AUROC 0.95"]
    assert words(SEPARATES) == ["AUROC 0.64", "AUROC 0.71", "AUROC 0.8"]
    assert words(SIXTY) == ["70 %", "80 %", "90 %"]
    assert words(replace(SIXTY, side="less", threshold=0.2)) == ["15 %", "10 %", "5 %"]
    assert words(replace(MANY_SHARES, threshold=0.06)) == ["12 %", "18 %", "24 %"]
    assert words(replace(SEPARATES, margin=0.1)) == ["AUROC 0.5", "AUROC 0.55"]
    assert words(replace(MORE, margin=0.5, standardised=True)) == ["0 sd", "0.25 sd"]
    assert words(replace(MORE, margin=0.3))[0] == "0 against a margin of 0.5 sd"
    assert [claim.effect for _, claim in stated_effects(replace(MORE, side="less"))] == [-0.5, -0.8, -1.2]


def test_a_claim_that_nothing_can_refute_has_no_p_against_it():
    assert stats.smallest_p_against(SEPARATES, 50, 50) == 1.0
    # "An outlier in at least 6 % of tokens": with 20 prompts of none at all, tokens of a prompt going together.
    outlier = replace(MANY_SHARES, threshold=0.06)
    assert stats.smallest_p_against(outlier, 20, 20) == pytest.approx(2 * 0.94**20)
