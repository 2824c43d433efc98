"""Random draws: when to stop, and how often stopping is wrong, by exact computation."""

from __future__ import annotations

import numpy as np
import pytest
from cases import for_each
from scipy import stats

from neuronclaims.stats.permutation.montecarlo import RISK, Tally, drawn_until_settled, looks


def tally(above, total, below=None):
    above = np.atleast_1d(np.asarray(above, dtype=float))
    return Tally(above, total - above if below is None else np.atleast_1d(float(below)), total, False)


def wrong_and_settled(p, alternative, family=1, resamples=9_999, most=999_999):
    """Follow the law of the count from look to look; return P(settled on a wrong side) and P(settled)."""
    tail = p / 2 if alternative == "two-sided" else p
    limits = 0.05 / np.arange(1, family + 1)
    plan = looks(resamples, most)
    law, least, drawn, wrong, settled = np.ones(1), 0, 0, 0.0, 0.0
    for stop in plan:
        low, high = stats.binom.ppf([1e-15, 1 - 1e-15], stop - drawn, tail).astype(int)
        law = np.convolve(law, stats.binom.pmf(np.arange(low, high + 1), stop - drawn, tail))
        least, drawn = least + low, stop
        found = tally(least + np.arange(len(law)), stop)
        done = found.resolved(alternative, 0.05, family, RISK / len(plan))
        sides = (found.p_values(alternative)[:, None] <= limits) != (p <= limits)
        wrong, settled = wrong + law[done & sides.any(axis=1)].sum(), settled + law[done].sum()
        if done.all():
            break
        going = np.flatnonzero(~done)
        law, least = np.where(done, 0, law)[going[0] : going[-1] + 1], least + going[0]
    return wrong, settled


@for_each("alternative", ["greater", "two-sided"])
@for_each("p", [0.03, 0.045, 0.0495, 0.05 - 1e-9, 0.05 + 1e-9, 0.0505, 0.055, 0.08])
@for_each("resamples", [199, 9_999])
def test_a_settled_p_lies_on_the_wrong_side_with_at_most_the_stated_risk(p, alternative, resamples):
    wrong, settled = wrong_and_settled(p, alternative, resamples=resamples)
    assert wrong <= RISK == 1e-3
    if p in (0.03, 0.045, 0.055, 0.08):
        assert settled > 0.999


@pytest.mark.parametrize("p", [0.0024, 0.0026, 0.0124, 0.0126, 0.0249, 0.0251, 0.0499])
def test_the_risk_covers_all_limits_of_a_family_together(p):
    for alternative in ("less", "two-sided"):
        assert wrong_and_settled(p, "greater" if alternative == "less" else alternative, family=20)[0] <= RISK


def test_looks_are_tenfold_and_end_at_the_most_draws_allowed():
    assert looks(9_999, 999_999) == (9_999, 99_999, 999_999)
    assert looks(500, 20_000) == (500, 5_009, 20_000)
    assert looks(9_999, 100) == (9_999,)


def test_the_risk_is_shared_among_the_looks():
    # The first look alone would settle this count at the full risk, but not at its third of it.
    count = next(k for k in range(500, 700) if tally(k, 9_999).resolved("greater", 0.05, 1, RISK)[0])
    assert not tally(count, 9_999).resolved("greater", 0.05, 1, RISK / 3)[0]

    def draw(start, stop):
        return tally(count * stop // 9_999 - count * start // 9_999, stop - start)

    def stopped(plan):
        return drawn_until_settled(draw, plan, "greater", 0.05, 1).total

    assert stopped((9_999,)) == 9_999
    assert stopped((9_999, 99_999, 999_999)) == 99_999


def test_two_tails_share_the_risk_and_the_nearer_one_decides():
    for above, below in ((300, 9_750), (9_600, 450)):
        found, near = tally(above, 9_999, below), min(above, below)
        low, high = stats.binomtest(near, 9_999).proportion_ci(1 - RISK / 2, "exact")
        for limit, settled in (
            (2 * low * 0.9999, True),
            (2 * low * 1.0001, False),
            (2 * high * 0.9999, False),
            (2 * high * 1.0001, True),
        ):
            assert found.resolved("two-sided", limit, 1)[0] == settled


def test_a_welch_p_above_the_limit_settles_p_and_one_below_leaves_it_open():
    found = tally([500.0, 500.0, 500.0], 9_999)  # p about 0.05: open by itself
    floors = np.array([0.2, 0.01, 0.0]), np.zeros(3)
    assert found.resolved("greater", 0.05, 1, RISK, floors).tolist() == [True, False, False]
    assert found.p_values("greater", floors) == pytest.approx([0.2, 0.0501, 0.0501])
    assert found.doubtful_limits("greater", 0.05, 4, RISK, floors).tolist() == [0.0, 0.05, 0.05]
    assert found.p_values("two-sided", floors) == pytest.approx([0.4, 0.1002, 0.1002])


def test_all_arrangements_leave_nothing_open():
    found = Tally(np.array([5.0]), np.array([95.0]), 100, True)
    assert found.resolved("greater", 0.05, 100).all()
    assert found.p_values("greater") == 0.05
