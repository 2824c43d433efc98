"""Power by simulation from pilot values, and plans: against exact sums and against decide() itself."""

from __future__ import annotations

import flat
import numpy as np
import pytest
from cases import for_each
from flat import plan, power_of, simulated_power, simulated_units_needed
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from stats_data import KINDS, quick, sample

from neuronclaims import stats
from neuronclaims.stats import Level, PilotClaim, StatsError
from neuronclaims.stats.power.judge import Judge

RNG = np.random.default_rng(20)
FIRST, SECOND = RNG.normal(1, 1, 24), RNG.normal(0, 1, 24)
ASKED = {"statistic": "mean", "alternative": "greater", "threshold": None, "paired": False, "seed": 3}


def by_decide(judge, a, b, seed):
    """Judge one data set as a kind of claim does: an estimate, a test and decide()."""
    claim = judge.claim
    ways = {
        ("mean", False, False): stats.mean_difference_estimate,
        ("mean", False, True): stats.paired_mean_difference_estimate,
        ("mean", True, False): stats.hedges_g_estimate,
        ("mean", True, True): stats.dz_estimate,
        ("auroc", False, False): stats.auroc_estimate,
        ("auroc", False, True): stats.paired_auroc_estimate,
    }
    estimate = ways[claim.statistic, claim.standardised, claim.paired](a, b)
    null = 0.5 if claim.statistic == "auroc" else 0.0
    said = (claim.side, null, claim.threshold)
    if claim.threshold is None or (claim.statistic == "mean" and not claim.standardised):
        test = flat.two_sample_test(
            a - (claim.threshold or 0.0),
            b,
            paired=claim.paired,
            statistic=claim.statistic,
            alternative="two-sided",
            seed=seed,
        )
    else:
        test = stats.interval_test(estimate, *said)
    test = stats.at_boundary(test, estimate, *said)
    decision = flat.decide(
        side=claim.side,
        null=null,
        threshold=claim.threshold,
        estimate=estimate,
        p_adjusted=min(1.0, claim.level.family * test.p_value),
        smallest_p_adjusted=min(1.0, claim.level.family * test.smallest_p),
        alpha=claim.level.alpha,
        degenerate=test.degenerate,
    )
    return decision.verdict


@for_each("side", ["greater", "less", "two-sided"])
@for_each("paired", [False, True])
@for_each(
    "statistic, standardised, number",
    [
        ("mean", False, None),
        ("mean", False, 0.4),
        ("mean", True, 0.4),
        ("auroc", False, None),
        ("auroc", False, 0.1),
    ],
)
@for_each("alpha", [0.05, 0.8])
def test_data_sets_are_judged_together_as_decide_judges_each(
    side, paired, statistic, standardised, number, alpha
):
    rng = np.random.default_rng(5)
    sizes = (7, 7) if paired else (5, 8)
    shifts = np.linspace(-2.5, 2.5, 60)
    a, b = np.round(rng.normal(size=(sizes[0], 60)) + shifts, 1), np.round(rng.normal(size=(sizes[1], 60)), 1)
    a[:, :3], b[:, :3] = 1.0, [1.0, 0.0, 2.0]  # nothing varies, or nothing within the sets
    null = 0.5 if statistic == "auroc" else 0.0
    number = 3 * number if number is not None and side == "two-sided" else number
    threshold = None if number is None else null - number if side == "less" else null + number
    claim = PilotClaim(statistic, side, paired, threshold, Level(alpha, 2), standardised)
    judge = Judge(claim, 1.0)
    supported, refuted = judge.verdicts(a, b, seed=0)
    found = np.where(supported, "supported", np.where(refuted, "refuted", "inconclusive")).tolist()
    expected = [by_decide(judge, a[:, j], b[:, j], 0) for j in range(60)]
    assert found == expected
    if not (side == "two-sided" and number is None) and alpha == 0.8:
        assert set(expected) == {"supported", "refuted", "inconclusive"}


@pytest.mark.parametrize("n", [8, 12])
def test_simulated_power_of_a_sign_test_is_the_exact_binomial_sum(n):
    # Differences are 1 in 17 of 20 pilot pairs and -1 in the others, so the sign-flip test is the sign test.
    first = np.array([1.0] * 17 + [0.0] * 3)
    counts = np.arange(n + 1)
    signs = 2 * scipy_stats.binom.sf(counts - 1, n, 0.5) <= 0.05
    values = [np.repeat([1.0, -1.0], (k, n - k)) for k in counts]
    passes = signs & [len(set(x)) == 1 or scipy_stats.ttest_1samp(x, 0).pvalue <= 0.05 for x in values]
    exact = scipy_stats.binom.pmf(counts, n, 0.85)[passes].sum()
    found = simulated_power(first, 1 - first, counts=(n, n), **ASKED | {"paired": True}, repetitions=4000)
    interval = scipy_stats.binomtest(round(4000 * found.supported), 4000).proportion_ci(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-12)
    assert found.supported == pytest.approx(exact, abs=3.3 * np.sqrt(exact * (1 - exact) / 4000))
    assert found.supported + found.refuted + found.inconclusive == pytest.approx(1)


def test_without_an_effect_in_the_pilot_the_claim_is_supported_as_often_as_alpha_says():
    values = np.concatenate([FIRST, SECOND])
    found = simulated_power(values, values, counts=(10, 10), **ASKED, repetitions=6000)
    # Half of alpha to each side. 99.9 % band of 6,000 data sets: binom.ppf([0.0005, 0.9995], 6000, 0.025) / 6000. The
    # attained level is a little under it: arrangements are finite, and of two p the larger one counts.
    assert 0.0160 < found.supported < 0.0320
    assert 0.0160 < found.refuted < 0.0320


def test_simulated_power_depends_on_values_and_seed_alone():
    ask = ASKED | {"counts": (8, 12), "repetitions": 300}
    found = simulated_power(FIRST, SECOND, **ask)
    assert simulated_power(RNG.permutation(FIRST), RNG.permutation(SECOND), **ask) == found
    assert simulated_power(FIRST, SECOND, **ask) == found
    order = RNG.permutation(24)
    pairs = ask | {"paired": True, "counts": (8, 8)}
    assert simulated_power(FIRST[order], SECOND[order], **pairs) == simulated_power(FIRST, SECOND, **pairs)
    assert simulated_power(FIRST, SECOND, **ask | {"seed": 4}) != found


def test_scaling_values_and_number_by_a_power_of_two_changes_nothing():
    for unit in (2.0**-900, 2.0**200):
        one, other = (
            simulated_power(
                size * FIRST, size * SECOND, counts=(9, 9), **ASKED | {"threshold": size / 4}, repetitions=300
            )
            for size in (1.0, unit)
        )
        assert one == other


def test_sizes_found_by_simulation_reach_the_power_and_are_near_the_analytic_ones():
    ask = ASKED | {"power": 0.8, "repetitions": 1000}
    n, same = simulated_units_needed(FIRST, SECOND, counts=(6, 6), **ask)
    assert n == same
    del ask["power"]
    assert all(
        simulated_power(FIRST, SECOND, counts=(k, k), **ask).supported >= 0.8 for k in (n, n + 1, n + 2)
    )
    assert min(simulated_power(FIRST, SECOND, counts=(k, k), **ask).supported for k in range(n - 3, n)) < 0.8
    effect = (FIRST.mean() - SECOND.mean()) / np.sqrt((FIRST.var() + SECOND.var()) / 2)
    analytic = flat.units_needed(
        statistic="mean", effect=effect, threshold=None, side="greater", counts=(6, 6), paired=False
    )
    assert abs(n - analytic[0]) <= 3


def test_a_pilot_against_the_claim_needs_more_than_any_size():
    assert simulated_units_needed(SECOND, FIRST, counts=(6, 6), **ASKED, repetitions=50) is None


@quick
@given(st.sampled_from(KINDS), st.sampled_from(["mean", "auroc"]), st.booleans(), st.integers(0, 99))
def test_any_finite_pilot_gives_three_shares(kind, statistic, paired, seed):
    rng = np.random.default_rng(seed)
    with np.errstate(all="raise"):
        found = simulated_power(
            sample(kind, 6, rng),
            sample(kind, 6, rng),
            counts=(5, 5) if paired else (4, 6),
            **ASKED | {"statistic": statistic, "paired": paired},
            repetitions=20,
        )
    shares = (found.supported, found.refuted, found.inconclusive, found.low, found.high)
    assert all(0 <= share <= 1 for share in shares)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"counts": (1, 5)}, "2 to 10,000 units"),
        ({"counts": (5, 6), "paired": True}, "do not match"),
        ({"repetitions": 0}, "at least one repetition"),
        ({"statistic": "median"}, "statistic must be one of"),
        ({"threshold": float("nan")}, "finite number"),
    ],
)
def test_sizes_or_numbers_out_of_place_are_refused(change, words):
    with pytest.raises(StatsError, match=words):
        simulated_power(FIRST, SECOND, **{"counts": (5, 5)} | ASKED | change)
    with pytest.raises(StatsError, match="NaN"):
        simulated_power([1.0, float("nan")], SECOND, counts=(5, 5), **ASKED)


def test_a_plan_shows_the_least_sizes_the_present_ones_and_those_that_would_probably_do():
    ask = {"statistic": "mean", "effect": 1.0, "threshold": None, "side": "two-sided", "paired": False}
    rows = {row.counts: row for row in plan(**ask, counts=(3, 3), family=10)}
    least = flat.smallest_units(alternative="two-sided", counts=(3, 3), paired=False, family=10)
    needed = flat.units_needed(**ask, counts=(3, 3), family=10)
    assert set(rows) == {(3, 3), (6, 6), (12, 12), (24, 24), least, needed}
    assert list(rows) == sorted(rows)
    assert rows[3, 3].smallest_p == 1.0
    assert not rows[3, 3].reachable
    assert rows[3, 3].supported == 0
    assert rows[12, 12].smallest_p == pytest.approx(10 * 2 / 2704156)
    assert rows[needed].supported >= 0.8
    for row in rows.values():
        assert row.supported + row.refuted + row.inconclusive == pytest.approx(1)
        assert row.supported == power_of(**ask, counts=row.counts, family=10)


def test_a_plan_for_given_sizes_has_those_rows():
    rows = plan(
        statistic="share",
        effect=0.9,
        threshold=0.6,
        side="greater",
        counts=(5, 5),
        paired=False,
        sizes=[(20, 20), (10, 10)],
    )
    assert [row.counts for row in rows] == [(10, 10), (20, 20)]
    assert rows[0].smallest_p == pytest.approx(2 * 0.6**10)
    assert rows[0].supported == pytest.approx(scipy_stats.binom.sf(9, 10, 0.9))  # only 10 of 10 passes
