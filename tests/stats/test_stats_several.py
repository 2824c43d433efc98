"""How many of several hypotheses hold: against closed testing by enumeration, and by simulation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from neuronclaims.stats.inputs import StatsError
from neuronclaims.stats.several.counts import deciding, holm_steps, share_that_holds


def closed(p: np.ndarray, k: int) -> float:
    """The p of "at least k of n": the largest Bonferroni p of all intersections that leave fewer than k out."""
    n = len(p)
    return max(
        min(1.0, len(rows) * p[list(rows)].min())
        for size in range(n - k + 1, n + 1)
        for rows in combinations(range(n), size)
    )


def test_the_p_of_at_least_k_is_that_of_closed_testing() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        p = rng.random(6) ** 3
        steps = holm_steps(p)
        assert steps == pytest.approx([closed(p, k) for k in range(1, 7)], abs=1e-12)
        assert sorted(multipletests(p, method="holm")[1]) == pytest.approx(steps, abs=1e-12)
        for k in range(1, 7):
            place, factor = deciding(p, k)
            assert min(1.0, p[place] * factor) == pytest.approx(steps[k - 1], abs=1e-12)


def test_the_interval_excludes_a_boundary_exactly_where_p_is_small() -> None:
    rng = np.random.default_rng(1)
    for _ in range(40):
        up = rng.random(8) < 0.5
        p = rng.random(8) ** 4
        found = share_that_holds(np.where(up, p, 1), np.where(up, 1, p), int(up.sum()))
        for k in range(1, 9):
            boundary = (k - 0.5) / 8
            outside = not found.low <= boundary <= found.high
            assert outside == (found.p_against(boundary) <= 0.05)
        wide = found.at_level(0.99)
        assert wide.low <= found.low + 1e-9
        assert wide.high >= found.high - 1e-9
        assert found.low <= found.value <= found.high


def test_what_is_impossible_is_refused() -> None:
    with pytest.raises(StatsError):
        holm_steps([])
    with pytest.raises(StatsError):
        share_that_holds([0.1], [0.2, 0.3], 1)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.95])
def test_dependent_neurons_do_not_raise_the_error(correlation) -> None:
    """Eleven of 20 effects are there, at least 12 are claimed; one-sided, at most alpha / 2 may hold the claim."""
    from scipy.stats import norm

    rng, runs, n, there = np.random.default_rng(2), 4_000, 20, 11
    noise = np.sqrt(correlation) * rng.standard_normal((runs, 1))
    noise = noise + np.sqrt(1 - correlation) * rng.standard_normal((runs, n))
    z = noise + np.where(np.arange(n) < there, 6.0, 0.0)
    p = 2 * norm.sf(np.abs(z))
    so = np.where(z > 0, p, 1.0)
    wrong = np.mean([holm_steps(row)[there] <= 0.05 for row in so])
    assert wrong <= 0.025 + 3 * np.sqrt(0.025 * 0.975 / runs)
